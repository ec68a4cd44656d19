import type { BodyMemory } from '../model/body-memory.ts';
import type { Bucket } from '../model/bucket.ts';
import type { KeyEntry } from '../model/entry.ts';
import type { ObjectOutcome } from '../model/event.ts';
import type { FatalError } from '../model/failure.ts';
import type { Clock } from '../model/ports.ts';
import type { Rule, Rules } from '../model/rule.ts';
import type { Overwrite } from '../plan/decide-copy.ts';
import type { KeyFilter } from '../plan/key-filter.ts';
import type { OpenUploads } from '../transfer/open-uploads.ts';
import type { Rechecks } from '../transfer/rechecks.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import type { TransferOutcome } from '../transfer/transfer-outcome.ts';
import type { BatchPresence, MeasuredPresence } from './presence.ts';
import type { SharedKeys } from './shared-keys.ts';

/** What every entry is examined with. */
export interface Examination {
  readonly rules: Rules;
  /** Keys that it leaves out are skipped; absent: none are. */
  readonly filter?: KeyFilter | undefined;
  /** By rule id; the rules whose keys bulk commands copy. */
  readonly sources: ReadonlyMap<string, RuleSource>;
  readonly bucket: Bucket;
  readonly presence: MeasuredPresence;
  readonly overwrite: Overwrite;
  /** What is there is compared byte by byte, whatever dates and ETags say. */
  readonly checksum?: boolean | undefined;
  readonly dryRun: boolean;
  /** The budget of bodies in flight. */
  readonly memory: BodyMemory;
  /** Large objects that are half-way in, where the run has a state. */
  readonly uploads: OpenUploads | undefined;
  /** Looks at the origin again after bodies that took long; absent: nobody does. */
  readonly rechecks?: Rechecks | undefined;
  /** Where other processes may be at work on the bucket. */
  readonly shared?: SharedKeys | undefined;
  /** Where other threads copy as well; absent: this one does all. */
  readonly threads?: CopyingThreads | undefined;
  readonly clock: Clock;
  /** Rules whose addresses stayed down for too long: their keys are left for the next run. */
  readonly givenUp: Map<string, FatalError>;
  /** Told of each request for a body. */
  readonly onRequest: () => void;
  /** Told when an entry begins to wait for addresses or for its key, and when that is over. */
  readonly onWait: (waiting: boolean) => void;
}

/** What copying an entry comes to; `held`: another process is at work on its key. */
export type Examined = ObjectOutcome | Extract<TransferOutcome, { readonly outcome: 'held' }>;

/** The threads that copy for a run. */
export interface CopyingThreads {
  /**
   * Copies an entry, by `here` or in another thread.
   * @throws as `here`, and ThreadLost.
   */
  copy(work: EntryWork, here: () => Promise<Examined>, signal: AbortSignal): Promise<Examined>;
}

/** One entry with what was found out about it. */
export interface EntryWork {
  readonly entry: KeyEntry;
  readonly rule: Rule;
  readonly source: RuleSource;
  inBucket: BatchPresence;
  /** When it was taken up, in milliseconds; 0 before. */
  sinceMs: number;
  /** How often its body was asked for. */
  requests: number;
}
