import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { objectKey } from '../../../src/model/object-key.ts';
import type { ManifestEntry, ScanJournal } from '../../../src/model/scan-journal.ts';
import { manifestPath, openScanJournal } from '../../../src/scan/journal/scan-journal.ts';
import { manifestLine } from '../../../src/scan/journal/manifest-line.ts';

let directory: string;
let open: ScanJournal[];

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-journal-'));
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map((journal) => journal.close()));
  await rm(directory, { recursive: true, force: true });
});

async function journal(fresh = false): Promise<ScanJournal> {
  const opened = await openScanJournal(directory, fresh);
  open.push(opened);
  return opened;
}

function entry(key: string, more: Partial<ManifestEntry> = {}): ManifestEntry {
  return { key: objectKey(key), originKey: key, rule: 'r', ...more };
}

function piece(keys: readonly string[], places: readonly string[], count: number) {
  return {
    entries: keys.map((key) => entry(key)),
    places: places.map((at) => ({ at, prefix: at })),
    mark: { count, hash: count * 7 },
  };
}

async function all(from: ScanJournal): Promise<string[]> {
  const found: string[] = [];
  for (let at = await from.next(); at !== undefined; at = await from.next()) found.push(at.at);
  return found;
}

it('what was not saved never happened', async () => {
  const first = await journal();
  await first.begin(0, [{ at: '', prefix: '' }]);
  const top = await first.next();
  if (top === undefined) throw new Error('no place');
  await first.record(top, piece(['a'], ['x/'], 2));
  expect(await first.save('one')).toBe(manifestLine(entry('a')).length);
  // So many that they are on disk before anybody saves them.
  const lost = Array.from({ length: 50_000 }, (_, index) => `b${index}`);
  await first.record(top, piece(lost, lost, 4));
  first.finish(top, undefined);
  await first.close();
  const second = await journal();
  expect(second.standing).toMatchObject({ tallies: 'one' });
  expect(await second.next()).toMatchObject({ at: '', recorded: { count: 2, hash: 14 } });
  expect(await all(second)).toEqual(['x/']);
  await second.save('two');
  expect(await readFile(manifestPath(directory), 'utf8')).toBe(manifestLine(entry('a')));
});

it('places come first come, first served, more of them than memory holds', async () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `place ${index} ü/`);
  const first = await journal();
  const places = names.map((at) => ({ at, prefix: at.slice(1) }));
  await first.begin(3, places.slice(0, 10_000));
  const taken = [];
  for (let count = 0; count < 6000; count += 1) {
    const place = await first.next();
    if (place !== undefined) taken.push(place);
  }
  expect(taken[5999]).toMatchObject({ source: 3, at: 'place 5999 ü/', prefix: 'lace 5999 ü/' });
  await first.begin(3, places.slice(10_000));
  for (const place of taken.slice(0, 5990)) first.finish(place, undefined);
  await first.save('');
  expect(await all(first)).toEqual(names.slice(6000));
  const second = await journal();
  expect(await all(second)).toEqual(names.slice(5990));
  expect(await second.next()).toBe(undefined);
});

it('a fresh one forgets, and a cut one is refused', async () => {
  const first = await journal();
  await first.begin(0, [{ at: '', prefix: '' }]);
  const top = await first.next();
  if (top === undefined) throw new Error('no place');
  await first.record(top, piece(['a', 'b'], [], 2));
  first.finish(top, { rule: 'r', prefix: '', code: 'ORIGIN_STATUS', status: 500, message: 'm' });
  await first.save('');
  expect(await readFile(path.join(directory, 'listing-failures.jsonl'), 'utf8')).toBe(
    '{"rule":"r","prefix":"","code":"ORIGIN_STATUS","status":500,"message":"m"}\n',
  );
  await first.close();
  await truncate(manifestPath(directory), 5);
  await expect(openScanJournal(directory, false)).rejects.toMatchObject({
    kind: 'state-unusable',
    message: expect.stringContaining('--new-job') as string,
  });
  expect((await journal(true)).standing).toBe(undefined);
  expect(await readFile(manifestPath(directory), 'utf8')).toBe('');
});

it('a line holds what is known, and a date no more exactly than it is', () => {
  const lastModifiedMs = Date.UTC(2026, 10, 21, 18, 1, 24, 893);
  expect(manifestLine(entry('a"b'))).toBe('{"key":"a\\"b","rule":"r"}\n');
  const known = { size: 0, etag: '"e"', lastModifiedMs, resolutionMs: 1, originKey: 'o' };
  expect(manifestLine(entry('k', known))).toBe(
    '{"key":"k","size":0,"etag":"\\"e\\"","lastModified":"2026-11-21T18:01:24.893Z","rule":"r","originKey":"o"}\n',
  );
  expect(manifestLine(entry('k', { lastModifiedMs, resolutionMs: 60_000 }))).toBe(
    '{"key":"k","lastModifiedAbout":"2026-11-21T18:01Z","rule":"r"}\n',
  );
  expect(manifestLine(entry('k', { lastModifiedMs, resolutionMs: 1000, racy: true }))).toBe(
    '{"key":"k","lastModified":"2026-11-21T18:01:24.893Z","racy":true,"rule":"r"}\n',
  );
});
