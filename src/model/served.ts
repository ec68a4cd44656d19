import type { Failure } from './failure.ts';

/**
 * Where an answer came from:
 *
 * - `HIT`: the bucket
 * - `MISS`: an origin, by the fetch that this request began
 * - `SHARED`: an origin, by a fetch that another request began
 * - `NEGATIVE`: an origin's 404 that is remembered
 * - `PROXY`: an origin, and nothing is stored
 * - `REDIRECT`: the client is sent to the origin
 */
export type Mark = 'HIT' | 'MISS' | 'SHARED' | 'NEGATIVE' | 'PROXY' | 'REDIRECT';

/** One request that serve answered. */
export interface Served {
  /** Names it in the log and in errors. */
  readonly id: string;
  /** When it came, milliseconds since the epoch. */
  readonly timeMs: number;
  readonly method: string;
  /** Undefined where the request named no key. */
  readonly key: string | undefined;
  readonly rule: string | undefined;
  /** Where the answer came from; undefined for errors of serve's own. */
  readonly mark: Mark | undefined;
  /** 0 where the connection was broken before there was one. */
  readonly status: number;
  /** Of the body, as handed to the connection. */
  readonly bytes: number;
  readonly elapsedMs: number;
  /** The bucket alone could not answer it: an origin was asked, or its client sent there. */
  readonly neededOrigin: boolean;
  /** The answer was not finished: the client left, or its connection had to be broken. */
  readonly cut: boolean;
  readonly failure: Failure | undefined;
}

/** What became of a whole fetch. */
export interface Filled {
  readonly key: string;
  readonly rule: string;
  /** `handedOn`: its clients got it, and it was not to be stored. */
  readonly outcome: 'stored' | 'exists' | 'handedOn' | 'failed';
  /** Of the object, where it was whole. */
  readonly bytes: number;
  /** Why it was not stored. */
  readonly failure: Failure | undefined;
}
