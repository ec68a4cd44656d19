import type { KeyEntry } from '../../model/entry.ts';
import { FatalError } from '../../model/failure.ts';
import type { OriginWalk, WalkStep } from '../../model/walk.ts';
import { type KeyList, openKeyList } from '../key-list.ts';
import { listedObject, listPieces } from './list-pieces.ts';
import type { ListFiles } from './list-files.ts';

/** A walk of a list, which is looked at before anything is walked. */
export interface ListWalk extends OriginWalk {
  /** @throws FatalError `usage` where the list can't be read; Failure where it can't be fetched. */
  check(signal: AbortSignal): Promise<void>;
}

/**
 * Walks a key list in any format that `migrate --keys` takes. It is one place; what it names are
 * keys of the bucket, not origin keys. Lists whose records have URLs of their own are refused,
 * because a manifest keeps none.
 * @param note told of what is passed over
 */
export function keyListWalk(files: ListFiles, note: (line: string) => void): ListWalk {
  const { name } = files;
  const open = async (signal: AbortSignal): Promise<KeyList> =>
    openKeyList({ path: await files.main(signal), name, note, signal });
  return {
    name,
    start: () => [{ at: 'list', prefix: '' }],
    walk: async function* (_place, signal) {
      const entries = await open(signal);
      const step = (entry: KeyEntry): WalkStep => stepOf(name, entry);
      try {
        yield* listPieces({ name, entries, step, asOfMs: undefined }, signal);
      } finally {
        await entries.close();
      }
    },
    check: async (signal) => {
      const list = await open(signal);
      await list.close();
    },
    close: () => files.close(),
  };
}

function stepOf(name: string, entry: KeyEntry): WalkStep {
  if (entry.url === undefined) return listedObject(entry.key, entry);
  const advice = 'give the list to migrate with --keys, which asks them';
  throw new FatalError('usage', `key list ${name}: names URLs, which a scan can't keep: ${advice}`);
}
