import type { ObjectKey } from './object-key.ts';
import type { Headers } from './ports.ts';

/** A whole fetch that somebody was promised, and what goes along with it. */
export interface PendingFill {
  readonly key: ObjectKey;
  /** The id of the rule to fetch by. */
  readonly rule: string;
  /** Query that is passed on, without `?`; '' for none. */
  readonly query: string;
  /** Those of the client's that are passed on; lower-case names. */
  readonly headers: Headers;
}

/**
 * Fetches that were promised and are not over, in a store that all processes on one bucket share. A
 * key has at most one. It belongs to the process that recorded it, as long as that one lives.
 */
export interface PendingFills {
  /**
   * Writes the fetch down; durable when it resolves. Where the key has one already that one stays,
   * and becomes this process's own if its process is dead.
   * @throws FatalError `state-unusable`.
   */
  record(fill: PendingFill): Promise<void>;
  /** The key's fetch is over, whosever it was; durable when it resolves. */
  done(key: ObjectKey): Promise<void>;
  /** All that is recorded and not done, whosever it is; oldest first. */
  all(): Promise<readonly PendingFill[]>;
  /**
   * Makes those of dead processes this process's own, and gives them out, oldest first. However
   * many processes ask at once, one of them gets each.
   */
  takeOver(): Promise<readonly PendingFill[]>;
}
