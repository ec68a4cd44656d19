import type { BodyMemory } from '../model/body-memory.ts';
import type { Bucket } from '../model/bucket.ts';
import type { Clock } from '../model/ports.ts';
import type { Failure } from '../model/failure.ts';
import type { Rule } from '../model/rule.ts';
import type { Filled, Mark } from '../model/served.ts';
import type { ClientRequest } from '../rules/client-request.ts';
import type { OpenUploads } from '../transfer/open-uploads.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import type { Client } from './client/client.ts';
import type { Fills } from './fills.ts';
import type { HeldKeys } from './held-keys.ts';
import type { PromisedFills } from './promised-fills.ts';
import type { NegativeCache } from './negative-cache.ts';
import type { SpoolSpace } from './spool/spool-space.ts';

/** The rules that are in force, with all that answering by them takes. */
export interface RulesInForce {
  readonly rules: readonly Rule[];
  /** By rule id; of the rules that ask origins. */
  readonly sources: ReadonlyMap<string, RuleSource>;
  /** By rule id: the first master's URL, resolved; where clients are sent to. */
  readonly redirectBases: ReadonlyMap<string, string>;
}

/** What all requests of one proxy share. */
export interface Serving {
  readonly inForce: () => RulesInForce;
  readonly bucket: Bucket;
  readonly fills: Fills;
  readonly negative: NegativeCache;
  readonly spools: SpoolSpace;
  readonly promised: PromisedFills;
  readonly held: HeldKeys;
  /** Of fills, so that what a killed proxy leaves of them can be aborted. */
  readonly uploads: OpenUploads;
  /** The budget of bodies on their way into the bucket. */
  readonly memory: BodyMemory;
  readonly clock: Clock;
  /** As `clock`, but nobody can set it: for how long something takes or holds. */
  readonly steadyClock: Clock;
  /** This proxy's name in the loop mark. */
  readonly name: string;
  /** Told of each request for a body that goes to an origin. */
  readonly onOriginRequest: (rule: string, origin: string) => void;
  /** Told what became of each whole fetch. */
  readonly onFilled: (filled: Filled) => void;
}

/** One request with what is found out about it on its way. */
export interface Exchange {
  /** Names it in log and errors. */
  readonly id: string;
  readonly request: ClientRequest;
  readonly client: Client;
  /** The moment of the fills before the bucket was asked. */
  readonly begunAt: number;
  /** The rule that answered. */
  rule: Rule | undefined;
  /** Where the answer came from; undefined while there is none, and for errors of our own. */
  mark: Mark | undefined;
  /** The bucket alone could not answer it. */
  neededOrigin: boolean;
  /** Why there was no better answer. */
  failure: Failure | undefined;
}
