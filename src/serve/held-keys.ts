import type { ClaimHolder, Claims } from '../model/claims.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Clock } from '../model/ports.ts';
import { OthersClaims } from '../transfer/others-claims.ts';
import { OwnClaims } from '../transfer/own-claims.ts';

/**
 * So old may be what is known of others' keys when a client asks. To look takes a client as long as
 * all else before the origin is asked; and what is claimed meanwhile is found by who claims it too.
 */
const FRESH_MS = 50;

export interface HeldKeysSettings {
  readonly claims: Claims;
  /** Names this proxy to others. */
  readonly owner: string;
  /** One that nobody sets. */
  readonly steadyClock: Clock;
  /** The proxy is told to stop: nobody waits any more. */
  readonly drain: AbortSignal;
}

/** Large keys that the proxy shares with other processes on its bucket, each fetched by one of them. */
export class HeldKeys {
  /** For fills. */
  readonly own: OwnClaims;
  /** The proxy is told to stop. */
  readonly drain: AbortSignal;
  readonly #claims: Claims;
  readonly #others: OthersClaims;

  constructor({ claims, owner, steadyClock, drain }: HeldKeysSettings) {
    this.own = new OwnClaims(claims, owner);
    this.drain = drain;
    this.#claims = claims;
    this.#others = new OthersClaims(claims, steadyClock, FRESH_MS);
  }

  /**
   * Whether another process is at work on the key; where none was a moment ago, nobody has to wait
   * for the answer.
   */
  isHeld(key: ObjectKey): boolean | Promise<boolean> {
    const holder = this.#others.holderOf(key);
    return holder === undefined ? false : this.#isHeldStill(key, holder);
  }

  async #isHeldStill(
    key: ObjectKey,
    holder: ClaimHolder | Promise<ClaimHolder | undefined>,
  ): Promise<boolean> {
    if ((await holder) === undefined) return false;
    // It may be over since: nobody is kept waiting for what is known of late.
    return (await this.#claims.held(key)) !== undefined;
  }

  /**
   * Waits until no other process is at work on the key.
   * @returns false where the patience ended before, or the proxy is told to stop
   */
  async ended(key: ObjectKey, patience?: AbortSignal): Promise<boolean> {
    const signal = AbortSignal.any([this.drain, ...(patience === undefined ? [] : [patience])]);
    try {
      await this.#others.ended(key, signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }
}
