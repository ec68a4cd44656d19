import type { ClaimAnswer, ClaimHolder, Claims } from '../model/claims.ts';
import type { ObjectKey } from '../model/object-key.ts';

/** A key that this process claimed, for however many transfers. */
interface Claimed {
  users: number;
  readonly answer: Promise<ClaimAnswer>;
}

/**
 * What this process claims, by one name. Several transfers of one key (of variants, which differ by
 * what goes along) share its claim, which ends with the last of them.
 */
export class OwnClaims {
  readonly #claims: Claims;
  readonly #owner: string;
  readonly #claimed = new Map<ObjectKey, Claimed>();

  /** @param owner shown to whoever finds a key claimed */
  constructor(claims: Claims, owner: string) {
    this.#claims = claims;
    this.#owner = owner;
  }

  /**
   * Claims the key for one transfer.
   * @returns who else has it; undefined where this process has it now.
   * @throws FatalError `state-unusable`.
   */
  async claim(key: ObjectKey): Promise<ClaimHolder | undefined> {
    const claimed = this.#claimed.get(key) ?? this.#begin(key);
    claimed.users += 1;
    let answer: ClaimAnswer | undefined;
    try {
      answer = await claimed.answer;
    } finally {
      if (answer !== 'granted') this.#leave(key, claimed);
    }
    return answer === 'granted' ? undefined : answer.heldBy;
  }

  /** A transfer that was granted the key is over. @throws FatalError `state-unusable`. */
  async release(key: ObjectKey): Promise<void> {
    const claimed = this.#claimed.get(key);
    if (claimed === undefined) return;
    if (this.#leave(key, claimed)) await this.#claims.release(key, this.#owner);
  }

  #begin(key: ObjectKey): Claimed {
    const claimed = { users: 0, answer: this.#claims.claim(key, this.#owner) };
    this.#claimed.set(key, claimed);
    return claimed;
  }

  /** @returns whether it was the last. */
  #leave(key: ObjectKey, claimed: Claimed): boolean {
    claimed.users -= 1;
    return claimed.users === 0 && this.#claimed.delete(key);
  }
}
