import path from 'node:path';
import type { EntrySource } from '../model/entry.ts';
import type { Log } from '../report/log.ts';
import { openKeyList } from '../scan/key-list.ts';
import { openSpooledList } from '../scan/spool-list.ts';
import type { Cleanup } from './cleanup.ts';
import type { NamedList } from './named-list.ts';
import type { Stop } from './stop-signals.ts';
import type { Surroundings } from './surroundings.ts';

const STDIN = '-';

/**
 * Opens a list that is read once; stdin is kept in `folder` meanwhile.
 * @throws FatalError `usage`, `state-unusable`; what the drain was aborted with.
 */
export async function openVerifyList(
  { keys, format }: NamedList,
  folder: string,
  { cwd, stdin: input, clock }: Surroundings,
  { stop, log, cleanup }: { readonly stop: Stop; readonly log: Log; readonly cleanup: Cleanup },
): Promise<EntrySource> {
  const { info: note } = log;
  const signal = stop.drain;
  if (keys !== STDIN) {
    const list = await openKeyList({ path: path.resolve(cwd, keys), format, note, signal });
    cleanup.add(() => list.close());
    return list;
  }
  const list = await openSpooledList({
    input,
    spoolPath: path.join(folder, 'stdin.list'),
    format: format === 's3-inventory' ? undefined : format,
    note,
    clock,
    signal,
  });
  cleanup.add(async () => {
    await list.close();
    input.destroy();
  });
  return list;
}
