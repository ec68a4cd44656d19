import type { ClaimHolder, Claims } from '../../src/model/claims.ts';
import type { ObjectKey } from '../../src/model/object-key.ts';

interface Claim {
  readonly process: Process;
  readonly holder: ClaimHolder;
}

interface Process {
  lives: boolean;
}

/** Claims in memory, for tests. */
export interface MemoryClaims {
  /** Opens them as another process would; once closed, that process is dead. */
  open(now?: () => number): { readonly claims: Claims; close(): void };
}

export function memoryClaims(): MemoryClaims {
  const held = new Map<ObjectKey, Claim>();
  return {
    open: (now = () => 0) => {
      const self: Process = { lives: true };
      const find = (key: ObjectKey): Claim | undefined => {
        const claim = held.get(key);
        return claim?.process.lives === true ? claim : undefined;
      };
      const isOurs = ({ process, holder }: Claim, owner: string): boolean =>
        process === self && holder.owner === owner;
      const ofOther = (key: ObjectKey): ClaimHolder | undefined => {
        const claim = find(key);
        return claim?.process === self ? undefined : claim?.holder;
      };
      const claims: Claims = {
        claim: (key, owner) => {
          const there = find(key);
          if (there !== undefined && !isOurs(there, owner)) {
            return Promise.resolve({ heldBy: there.holder });
          }
          if (there === undefined)
            held.set(key, { process: self, holder: { owner, sinceMs: now() } });
          return Promise.resolve('granted');
        },
        release: (key, owner) => {
          const there = find(key);
          if (there !== undefined && isOurs(there, owner)) held.delete(key);
          return Promise.resolve();
        },
        held: (key) => Promise.resolve(ofOther(key)),
        heldByOthers: () =>
          Promise.resolve(
            new Map(
              [...held.keys()].flatMap((key): [ObjectKey, ClaimHolder][] => {
                const holder = ofOther(key);
                return holder === undefined ? [] : [[key, holder]];
              }),
            ),
          ),
      };
      const close = () => {
        self.lives = false;
      };
      return { claims, close };
    },
  };
}
