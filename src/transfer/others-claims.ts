import type { ClaimHolder, Claims } from '../model/claims.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Clock } from '../model/ports.ts';

type HeldKeys = ReadonlyMap<ObjectKey, ClaimHolder>;

/** So old may be what is known: it is asked for any number of small objects. */
const FRESH_MS = 200;
/** From one look at a key that somebody waits for to the next; what is known is stale by then. */
const LOOK_EVERY_MS = 250;

/**
 * What other processes have claimed, as it was a moment ago. It is looked up for all keys at once,
 * and only when somebody asks.
 */
export class OthersClaims {
  readonly #claims: Claims;
  readonly #clock: Clock;
  readonly #freshMs: number;
  #asked: Promise<HeldKeys> | undefined;
  /** What the last answer said; undefined while it is on its way. */
  #known: HeldKeys | undefined;
  #atMs = 0;

  /** @param freshMs so old may be what is known; less than from one look to the next */
  constructor(claims: Claims, clock: Clock, freshMs: number = FRESH_MS) {
    this.#claims = claims;
    this.#clock = clock;
    this.#freshMs = freshMs;
  }

  /** Who of other processes had the key a moment ago. @throws FatalError `state-unusable`. */
  holderOf(key: ObjectKey): ClaimHolder | undefined | Promise<ClaimHolder | undefined> {
    const nowMs = this.#clock.now();
    const ageMs = nowMs - this.#atMs;
    // A clock that was set back must not keep what is known for ever.
    const isFresh = this.#asked !== undefined && ageMs < this.#freshMs && ageMs >= 0;
    if (isFresh && this.#known !== undefined) return this.#known.get(key);
    if (!isFresh) {
      this.#atMs = nowMs;
      this.#known = undefined;
      this.#ask();
    }
    return this.#asked?.then((held) => held.get(key));
  }

  #ask(): void {
    const asked = this.#claims.heldByOthers().then((held) => {
      // A later look may have begun meanwhile.
      if (this.#asked === asked) this.#known = held;
      return held;
    });
    this.#asked = asked;
  }

  /**
   * Resolves when no other process has the key any more.
   * @throws the signal's reason, FatalError `state-unusable`.
   */
  async ended(key: ObjectKey, signal: AbortSignal): Promise<void> {
    do await this.#clock.sleep(LOOK_EVERY_MS, signal);
    while ((await this.holderOf(key)) !== undefined);
  }
}
