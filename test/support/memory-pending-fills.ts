import type { ObjectKey } from '../../src/model/object-key.ts';
import type { PendingFill, PendingFills } from '../../src/model/pending-fills.ts';

interface Recorded {
  readonly fill: PendingFill;
  owner: Owner;
}

interface Owner {
  lives: boolean;
}

/** Pending fills in memory, for tests. */
export interface MemoryPendingFills {
  /** Opens them as another process would; once closed, that process is dead. */
  open(): { readonly pending: PendingFills; close(): void };
}

export function memoryPendingFills(): MemoryPendingFills {
  const records = new Map<ObjectKey, Recorded>();
  const all = () => [...records.values()].map(({ fill }) => fill);
  return {
    open: () => {
      const owner: Owner = { lives: true };
      const inherit = (record: Recorded) => {
        if (record.owner.lives) return false;
        record.owner = owner;
        return true;
      };
      const pending: PendingFills = {
        record: (fill) => {
          const there = records.get(fill.key);
          if (there === undefined) records.set(fill.key, { fill, owner });
          else inherit(there);
          return Promise.resolve();
        },
        done: (key) => {
          records.delete(key);
          return Promise.resolve();
        },
        all: () => Promise.resolve(all()),
        takeOver: () =>
          Promise.resolve([...records.values()].filter(inherit).map(({ fill }) => fill)),
      };
      const close = () => {
        owner.lives = false;
      };
      return { pending, close };
    },
  };
}
