import path from 'node:path';
import type { EntrySource } from '../model/entry.ts';
import type { KeyListOptions } from '../scan/key-list.ts';
import type { Cleanup } from './cleanup.ts';
import type { EntriesFrom } from './job-source.ts';
import { openList } from './open-list.ts';

/** Where a list that came on stdin is kept in its job's directory. */
export function spoolPath(directory: string): string {
  return path.join(directory, 'stdin.list');
}

/**
 * The entries of a job as its runs were given them; nothing is scanned, and nothing waited for.
 * @param directory the job's, as `Job.directory` names it
 * @throws FatalError `usage` where a list is gone or can't be read; `state-unusable`.
 */
export async function openSourceEntries(
  entries: EntriesFrom,
  directory: string,
  read: Pick<KeyListOptions, 'note' | 'signal'>,
  cleanup: Cleanup,
): Promise<EntrySource> {
  switch (entries.from) {
    case 'list':
      return openList({ ...read, path: entries.path, format: entries.format }, cleanup);
    case 'stdin':
      return openList({ ...read, path: spoolPath(directory), format: entries.format }, cleanup);
    case 'changes':
      return openList(
        { ...read, path: path.join(directory, 'changes.jsonl'), format: 'jsonl' },
        cleanup,
      );
    case 'scan':
      return openManifest(directory, cleanup);
  }
}

async function openManifest(directory: string, cleanup: Cleanup): Promise<EntrySource> {
  const { openGrowingManifest } = await import('../scan/growing-manifest.ts');
  const { loadSaved } = await import('../scan/journal/saved-scan.ts');
  const { manifestPath } = await import('../scan/journal/scan-journal.ts');
  const saved = await loadSaved(directory);
  const manifest = await openGrowingManifest(manifestPath(directory), saved?.manifestBytes ?? 0);
  cleanup.add(() => manifest.close());
  manifest.end();
  return manifest.entries;
}
