import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Claims } from '../model/claims.ts';
import { openSharedStore, type SharedStore, type SharedStoreOptions } from './shared-store.ts';

/** Claims over a store that may never be opened. */
export interface LazyClaims {
  readonly claims: Claims;
  /** Ends what was claimed; safe to call twice. */
  readonly close: () => Promise<void>;
}

/**
 * The claims of a shared store that is opened when something is claimed, or when somebody else has
 * it open: a run of small objects, alone on its bucket, never needs it.
 */
export function lazyClaims(options: SharedStoreOptions): LazyClaims {
  let opening: Promise<SharedStore> | undefined;
  const open = async (): Promise<Claims> => (await (opening ??= openSharedStore(options))).claims;
  const hasOthers = async (): Promise<boolean> =>
    opening !== undefined || (await isOpenSomewhere(options.directory));
  return {
    claims: {
      claim: async (key, owner) => (await open()).claim(key, owner),
      release: async (key, owner) => {
        if (opening !== undefined) await (await open()).release(key, owner);
      },
      held: async (key) => ((await hasOthers()) ? (await open()).held(key) : undefined),
      heldByOthers: async () => ((await hasOthers()) ? (await open()).heldByOthers() : new Map()),
    },
    close: async () => {
      // What went wrong as it was opened was told to who wanted it.
      const store = await opening?.catch(() => undefined);
      await store?.close();
    },
  };
}

/** Whoever has the store open holds a file there; one that can't be read is for `open` to tell of. */
async function isOpenSomewhere(directory: string): Promise<boolean> {
  try {
    return (await readdir(join(directory, 'owners'))).length > 0;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
}
