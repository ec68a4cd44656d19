/**
 * What the thread of a run and those that copy for it say to each other. Messages arrive in the
 * order in which they were posted.
 */
import type { BreakerVerdict } from '../../guard/breaker-verdict.ts';
import type { ClaimAnswer, ClaimHolder } from '../../model/claims.ts';
import type { FatalKind } from '../../model/failure.ts';
import type { ObjectKey } from '../../model/object-key.ts';
import type { BucketSettings, Rule } from '../../model/rule.ts';
import type { Overwrite } from '../../plan/decide-copy.ts';
import type { SentBack, SentEntry } from '../../run/threads/sent-entry.ts';

/** All that a thread needs to copy as the run's own does. */
export interface Opening {
  /** Those that it copies keys of. */
  readonly rules: readonly Rule[];
  readonly bucket: BucketSettings;
  readonly allowPrivate: boolean;
  /** Where relative paths of the rules file start. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly host: string;
  /** Objects at once, in all threads together. */
  readonly concurrency: number;
  /** Its share of the budget of bodies in flight. */
  readonly memoryBytes: number;
  /** Which of the threads it is; 0 is the run's own. */
  readonly index: number;
  readonly threads: number;
  readonly bytesPerSecond: number | undefined;
  readonly requestsPerSecond: number | undefined;
  readonly overwrite: Overwrite;
  readonly checksum: boolean | undefined;
  /** What the bucket's check found out. */
  readonly exclusiveCreate: boolean;
  /** The run has a journal of uploads. */
  readonly keepsUploads: boolean;
}

export interface NumberedEntry extends SentEntry {
  readonly number: number;
}

export interface NumberedResult extends SentBack {
  readonly number: number;
}

/** What a thread wants to know or to have done; it goes on when it has the answer. */
export type Question =
  | { readonly op: 'tokens'; readonly name: string; readonly tokens: number }
  | { readonly op: 'upload'; readonly key: ObjectKey; readonly sealed: string | undefined }
  | { readonly op: 'claim'; readonly key: ObjectKey }
  | { readonly op: 'release'; readonly key: ObjectKey }
  | { readonly op: 'held'; readonly key: ObjectKey }
  | { readonly op: 'heldByOthers' };

export type Answer =
  | { readonly op: 'tokens' }
  | { readonly op: 'upload' }
  | { readonly op: 'claim'; readonly answer: ClaimAnswer }
  | { readonly op: 'release' }
  | { readonly op: 'held'; readonly by: ClaimHolder | undefined }
  | { readonly op: 'heldByOthers'; readonly held: ReadonlyMap<ObjectKey, ClaimHolder> }
  | {
      readonly op: 'failed';
      readonly message: string;
      /** Absent where the error is a bug of this program. */
      readonly kind: FatalKind | undefined;
    };

/** What has happened in a thread since it told so last. */
export interface Happened {
  readonly results: readonly NumberedResult[];
  /** Requests to origins. */
  readonly requests: number;
  /** Requests that its bucket has had so far. */
  readonly bucketRequests: number;
  /** What has come from the origins so far. */
  readonly bodyBytes: number;
  /** What was measured of presence: see `MeasuredPresence`. */
  readonly copiedMs: readonly number[];
  readonly wrote: readonly boolean[];
  readonly asked: readonly { readonly ms: number; readonly isThere: boolean }[];
  /** What came of calls, by the breaker's name. */
  readonly verdicts: readonly { readonly breaker: string; readonly verdict: BreakerVerdict }[];
}

export type ToThread =
  | { readonly op: 'open'; readonly opening: Opening }
  | { readonly op: 'entries'; readonly entries: readonly NumberedEntry[] }
  | { readonly op: 'answer'; readonly number: number; readonly answer: Answer }
  | { readonly op: 'breaker'; readonly breaker: string; readonly isClosed: boolean }
  | { readonly op: 'pause'; readonly host: string; readonly ms: number }
  | { readonly op: 'drain'; readonly reason: unknown }
  | { readonly op: 'abort' };

export type FromThread =
  | { readonly op: 'opened' }
  | { readonly op: 'refused'; readonly kind: FatalKind; readonly message: string }
  | { readonly op: 'happened'; readonly happened: Happened }
  | { readonly op: 'question'; readonly number: number; readonly question: Question }
  /** Tokens that were used already. */
  | { readonly op: 'charge'; readonly name: string; readonly tokens: number }
  /** A host asked it to slow down; with what it is paused for. */
  | { readonly op: 'throttled'; readonly host: string; readonly pauseMs: number };
