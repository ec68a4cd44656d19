import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ChangingSite, startChangingSite } from './changing-site.ts';
import { type CliOptions, type CliResult, runCli } from './run-cli.ts';
import { rulesFor, type Workplace, workplace } from './workplace.ts';

/** A site that changes between syncs, and a directory bucket that follows it. */
export interface SyncStage {
  readonly site: ChangingSite;
  readonly place: Workplace;
  /** `sync rules.yaml --json` with further arguments; what was asked before is forgotten. */
  readonly sync: (args?: readonly string[], options?: CliOptions) => Promise<CliResult>;
  /** What the bucket has under a key. */
  readonly stored: (key: string) => Promise<string>;
  /** Files that the last sync asked for, as `GET a.txt`; index pages are left out. */
  readonly filesAsked: () => string[];
  /** Everything that the syncs left as lists of what was there, by path. */
  readonly generationFiles: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

/** An empty site, and a place that has synced nothing so far. */
export async function syncStage(): Promise<SyncStage> {
  const site = await startChangingSite();
  const place = await workplace(rulesFor([site.url]));
  return {
    site,
    place,
    sync: (args = [], options = {}) => {
      site.asked.length = 0;
      return runCli(['sync', place.rules, '--json', ...args], options);
    },
    stored: (key) => readFile(path.join(place.bucket, key), 'utf8'),
    filesAsked: () => site.asked.filter((line) => !/ (.*\/)?$| robots\.txt$/.test(line)),
    generationFiles: async () => {
      const state = path.join(place.folder, '.bucketfill');
      const names = await readdir(state, { recursive: true });
      return names
        .filter((name) => name.includes('generations') && name.endsWith('.jsonl.gz'))
        .map((name) => path.join(state, name));
    },
    close: async () => {
      await site.close();
      await place.remove();
    },
  };
}

/** Key to outcome; reasons of skipped ones behind a colon. */
export function outcomes({ objects }: CliResult): Record<string, string> {
  return Object.fromEntries(
    objects.map((event) => [
      'key' in event ? event.key : event.keyBase64,
      event.outcome === 'skipped' ? `skipped:${event.reason}` : event.outcome,
    ]),
  );
}
