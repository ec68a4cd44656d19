import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';
import { type NginxSite, startNginxSite } from './nginx-site.ts';

const KEYS = ['a.txt', 'd/b.txt', 'd/late é.txt', 'never.txt', 'z.txt'];

let site: NginxSite;
let place: Workplace;
beforeEach(async () => {
  site = await startNginxSite();
  for (const key of ['a.txt', 'd/b.txt', 'z.txt']) await site.put(key, `${key} one`);
  place = await workplace(rulesFor([site.url]));
  await place.list(KEYS);
});
afterEach(async () => {
  await Promise.all([site.stop(), place.remove()]);
});

const retry = (): Promise<CliResult> => runCli(['retry', place.rules, '--json']);

interface Line {
  readonly key: string;
  readonly outcome: string;
  readonly code?: string;
  readonly status?: number;
}

/** What `report` tells of each key, or of those that failed. */
async function reported(...args: readonly string[]): Promise<readonly Line[]> {
  const result = await runCli(['report', place.rules, '--format', 'jsonl', ...args]);
  expect(result.code, result.stderr).toBe(0);
  const lines = result.stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Line).toSorted(byKey);
}

const byKey = (one: Line, other: Line): number => (one.key < other.key ? -1 : 1);
const named = ({ key, outcome }: Line): string => `${outcome} ${key}`;

test('report names what nginx did not have, and retry brings what it has since', async () => {
  const first = await place.migrate();
  expect(first.summary).toMatchObject({ copied: 3, failed: 2, exitCode: 3 });
  const missing = { outcome: 'failed', code: 'ORIGIN_NOT_FOUND', status: 404 };
  expect(await reported('--failures')).toMatchObject([
    { key: 'd/late é.txt', ...missing },
    { key: 'never.txt', ...missing },
  ]);

  await site.put('d/late é.txt', 'late');
  await site.filesAsked();
  const again = await retry();
  expect(again.summary, again.stderr).toMatchObject({ copied: 1, failed: 1, exitCode: 3 });
  expect(new Set(await site.filesAsked())).toEqual(new Set(['GET d/late é.txt', 'GET never.txt']));
  expect(await readFile(path.join(place.bucket, 'd/late é.txt'), 'utf8')).toBe('late');
  expect((await reported()).map(named)).toEqual([
    'copied a.txt',
    'copied d/b.txt',
    'copied d/late é.txt',
    'failed never.txt',
    'copied z.txt',
  ]);

  await site.put('never.txt', 'now');
  const last = await retry();
  expect(last.summary).toMatchObject({ copied: 1, failed: 0, exitCode: 0 });
  expect(await reported('--failures')).toEqual([]);
});
