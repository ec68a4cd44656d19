import type { ClaimAnswer, ClaimHolder } from '../model/claims.ts';
import { objectKey } from '../model/object-key.ts';
import type { Connection } from './open-database.ts';
import { type SealedRow, SealedTable } from './sealed-table.ts';
import type { SharedHead } from './shared-head.ts';
import type { HeldKey } from './shared-protocol.ts';
import type { SharedOwner } from './shared-owner.ts';
import { StoredList } from './stored-list.ts';

/** Keys that somebody fetches; within the caller's transaction. */
export class SharedClaims {
  readonly #table: SealedTable;
  readonly #owner: SharedOwner;

  constructor(database: Connection, owner: SharedOwner) {
    this.#table = new SealedTable(database, 'claim');
    this.#owner = owner;
  }

  verify({ claims }: SharedHead): void {
    this.#table.verify(claims);
  }

  claim(
    head: SharedHead,
    key: string,
    claimant: ClaimHolder,
  ): { readonly head: SharedHead; readonly answer: ClaimAnswer } {
    const held = this.#find(key);
    if (held !== undefined && this.#owner.isAlive(held.store)) {
      const answer = this.#isOurs(held, claimant.owner) ? 'granted' : { heldBy: held.holder };
      return { head, answer };
    }
    const sealed = JSON.stringify([this.#owner.name, claimant.owner, claimant.sinceMs]);
    return {
      head: { ...head, claims: this.#table.put(head.claims, key, sealed) },
      answer: 'granted',
    };
  }

  release(head: SharedHead, key: string, owner: string): SharedHead {
    const held = this.#find(key);
    if (held === undefined || !this.#isOurs(held, owner)) return head;
    return { ...head, claims: this.#table.drop(head.claims, key) };
  }

  /** Who of other owners has the key. */
  held(key: string): ClaimHolder | undefined {
    const held = this.#find(key);
    return held !== undefined && this.#isOfOther(held) ? held.holder : undefined;
  }

  /** Every key that other owners have. */
  heldByOthers(): readonly HeldKey[] {
    const others = new Map<string, boolean>();
    return this.#table.all().flatMap((row): HeldKey[] => {
      const held = open(row);
      const isOther = others.get(held.store) ?? this.#isOfOther(held);
      others.set(held.store, isOther);
      return isOther ? [[objectKey(row.key), held.holder]] : [];
    });
  }

  /** Forgets what dead owners claimed, which nobody else may ever ask for. */
  sweep(head: SharedHead): SharedHead {
    let { claims } = head;
    for (const row of this.#table.all()) {
      if (!this.#owner.isAlive(open(row).store)) claims = this.#table.drop(claims, row.key);
    }
    return { ...head, claims };
  }

  #find(key: string): Claim | undefined {
    const row = this.#table.get(key);
    return row === undefined ? undefined : open(row);
  }

  #isOfOther({ store }: Claim): boolean {
    return store !== this.#owner.name && this.#owner.isAlive(store);
  }

  #isOurs({ store, holder }: Claim, owner: string): boolean {
    return store === this.#owner.name && holder.owner === owner;
  }
}

interface Claim {
  /** The owner of the store's lock by which the claim lives. */
  readonly store: string;
  readonly holder: ClaimHolder;
}

function open({ sealed }: SealedRow): Claim {
  const list = new StoredList(sealed);
  return { store: list.text(0), holder: { owner: list.text(1), sinceMs: list.number(2) } };
}
