import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EntryBatch, EntrySource } from '../../src/model/entry.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { OpenPlace } from '../../src/model/walk.ts';
import { type GrowingManifest, openGrowingManifest } from '../../src/scan/growing-manifest.ts';
import { manifestPath, openScanJournal } from '../../src/scan/journal/scan-journal.ts';

const START = { end: 0, prefixCrc: 0 };
const FOREVER = new AbortController().signal;

let folder: string;
let file: string;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-test-'));
  file = path.join(folder, 'manifest.jsonl');
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(folder, { recursive: true, force: true });
});

function lines(...keys: readonly string[]): string {
  return keys.map((key) => `{"key":"${key}","size":1,"rule":"all"}\n`).join('');
}

async function manifest(text: string, saved: number): Promise<GrowingManifest> {
  await writeFile(file, text);
  const opened = await openGrowingManifest(file, saved);
  closing.push(opened.close);
  return opened;
}

function reader({
  entries,
}: {
  readonly entries: EntrySource;
}): () => Promise<EntryBatch | undefined> {
  const batches = entries.batches(START, FOREVER)[Symbol.asyncIterator]();
  return async () => {
    const next = await batches.next();
    return next.done === true ? undefined : next.value;
  };
}

describe('a manifest that grows', () => {
  test('gives out what was saved at once, and no byte behind it', async () => {
    const opened = await manifest(lines('a', 'b'), lines('a').length);
    const next = reader(opened);
    expect(await next()).toEqual({
      entries: [{ key: 'a' }],
      start: 0,
      end: lines('a').length,
      prefixCrc: crc32(lines('a')),
    });
    const waiting = next();
    opened.end();
    expect(await waiting).toBeUndefined();
  });

  test('gives out more whenever more was saved, until it ends', async () => {
    const opened = await manifest(lines('a'), lines('a').length);
    const next = reader(opened);
    await next();
    const waiting = next();
    await appendFile(file, lines('b'));
    opened.grow(lines('a', 'b').length);
    expect(await waiting).toMatchObject({
      entries: [{ key: 'b' }],
      prefixCrc: crc32(lines('a', 'b')),
    });
    opened.end();
    expect(await next()).toBeUndefined();
  });

  test('tells its reader why it ended early, after all that was saved', async () => {
    const opened = await manifest(lines('a'), lines('a').length);
    opened.end(new Error('the walk is over'));
    const next = reader(opened);
    // What was saved is in the next run's hands as well, so it need not come out before.
    await expect(
      (async () => {
        await next();
        await next();
      })(),
    ).rejects.toThrow('the walk is over');
  });

  test('leaves a reader that is told to stop', async () => {
    const opened = await manifest('', 0);
    const stop = new AbortController();
    const reading = opened.entries.batches(START, stop.signal)[Symbol.asyncIterator]().next();
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });

  test('that was cut behind what was given out of it is another one', async () => {
    const text = lines('a', 'b');
    const position = { end: text.length, prefixCrc: crc32(text) };
    const whole = await manifest(text, text.length);
    expect(await whole.entries.startsWith(position, FOREVER)).toBe(true);
    const cut = await manifest(lines('a'), lines('a').length);
    expect(await cut.entries.startsWith(position, FOREVER)).toBe(false);
    const other = await manifest(lines('a', 'c'), text.length);
    expect(await other.entries.startsWith(position, FOREVER)).toBe(false);
  });

  test('says what is wrong with a file that is not there', async () => {
    await expect(openGrowingManifest(file, 0)).rejects.toMatchObject({ kind: 'state-unusable' });
  });
});

describe('a journal and its manifest', () => {
  const PLACE: OpenPlace = {
    id: 0,
    source: 0,
    at: '',
    prefix: '',
    recorded: { count: 0, hash: 0 },
  };

  test('what was given out after a save stands in the manifest after every crash', async () => {
    const journal = await openScanJournal(folder, true);
    const record = (key: string, count: number) =>
      journal.record(PLACE, {
        entries: [{ key: objectKey(key), originKey: key, rule: 'all' }],
        places: [],
        mark: { count, hash: count },
      });
    await journal.begin(0, [{ at: '', prefix: '' }]);
    await journal.next();
    const opened = await openGrowingManifest(manifestPath(folder), 0);
    closing.push(opened.close);
    const next = reader(opened);
    await record('a', 1);
    const saving = journal.save('');
    // Recorded while the save is under way: it must be in the next one.
    await record('b', 2);
    opened.grow(await saving);
    const batch = await next();
    expect(batch?.entries).toEqual([{ key: 'a' }]);
    // A crash: what is behind the save reached the disk, and nobody saved that it did.
    await journal.close();
    await appendFile(manifestPath(folder), '{"key":"half');

    const resumed = await openScanJournal(folder, false);
    closing.push(() => resumed.close());
    const again = await openGrowingManifest(
      manifestPath(folder),
      resumed.standing?.manifestBytes ?? 0,
    );
    closing.push(again.close);
    const position = { end: batch?.end ?? 0, prefixCrc: batch?.prefixCrc ?? 0 };
    expect(await again.entries.startsWith(position, FOREVER)).toBe(true);
    expect(await readFile(manifestPath(folder), 'utf8')).toBe('{"key":"a","rule":"all"}\n');
  });
});
