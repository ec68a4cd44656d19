import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareKeys, objectKey } from '../../../src/model/object-key.ts';
import type { ManifestEntry } from '../../../src/model/scan-journal.ts';
import { manifestLine } from '../../../src/scan/journal/manifest-line.ts';
import {
  sortedManifest,
  type SortedManifestOptions,
} from '../../../src/scan/sort/sorted-manifest.ts';
import { knownEntry } from './known-entry.ts';

let folder: string;
let manifest: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-sort-'));
  manifest = path.join(folder, 'manifest.jsonl');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function entry(key: string, more: Partial<ManifestEntry> = {}): ManifestEntry {
  return { key: objectKey(key), originKey: key, rule: 'r', ...more };
}

async function read(
  text: string | Uint8Array,
  more: Partial<SortedManifestOptions> = {},
): Promise<ManifestEntry[]> {
  await writeFile(manifest, text);
  const { size } = await stat(manifest);
  const { signal } = new AbortController();
  const entries: ManifestEntry[] = [];
  const batches = sortedManifest({ manifest, bytes: size, folder, signal, ...more });
  for await (const batch of batches) entries.push(...batch);
  return entries;
}

const textOf = (entries: readonly ManifestEntry[]) => entries.map(manifestLine).join('');

describe('sortedManifest', () => {
  it('gives back what a scan wrote, in order', async () => {
    const entries = fc.uniqueArray(knownEntry, { selector: ({ key }) => key, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 2000 }), async (some, memoryBytes) => {
        const inOrder = some.toSorted((one, other) => compareKeys(one.key, other.key));
        expect(await read(textOf(some), { memoryBytes })).toEqual(inOrder);
      }),
    );
  });

  it.each([1, 1e6])(
    'makes one entry of lines of a key, with %d bytes of memory',
    async (memory) => {
      const lines = [
        entry('b', { size: 1 }),
        entry('c', { size: 1, etag: '"1"' }),
        entry('d', { racy: true }),
        entry('a', { size: 1 }),
        entry('e', { size: 5 }),
        entry('b', { size: 1 }),
        entry('c', { size: 1, etag: '"2"' }),
        entry('d'),
        entry('e', { size: 6 }),
        entry('e', { size: 5 }),
      ];
      expect(await read(textOf(lines), { memoryBytes: memory })).toEqual([
        entry('a', { size: 1 }),
        entry('b', { size: 1 }),
        entry('c', { size: 1, etag: '"2"', racy: true }),
        entry('d', { racy: true }),
        entry('e', { size: 5, racy: true }),
      ]);
    },
  );

  it.each<[string, Partial<ManifestEntry>]>([
    ['size', { size: 2 }],
    ['ETag', { etag: '"2"' }],
    ['date', { lastModifiedMs: 60_000, resolutionMs: 1000 }],
    ['resolution of the date', { lastModifiedMs: 0, resolutionMs: 60_000 }],
    ['origin key', { originKey: 'other' }],
    ['rule', { rule: 'other' }],
  ])('neighbours of one key that differ in their %s are racy', async (_, differs) => {
    const before = entry('a', { size: 1, etag: '"1"', lastModifiedMs: 0, resolutionMs: 1000 });
    const after = { ...before, ...differs };
    expect(await read(textOf([before, after]))).toEqual([{ ...after, racy: true }]);
  });

  it('makes no file of a manifest in order, however large', async () => {
    const keys = Array.from({ length: 9000 }, (_, index) => entry(String(index).padStart(9, '0')));
    const missing = path.join(folder, 'missing');
    expect(await read(textOf(keys), { memoryBytes: 1, folder: missing })).toEqual(keys);
  });

  it('leaves nothing in the folder', async () => {
    await read(textOf([entry('b'), entry('a')]), { memoryBytes: 1 });
    expect(await readdir(folder)).toEqual(['manifest.jsonl']);
  });

  it('reads no further than what counts', async () => {
    const whole = manifestLine(entry('b')) + manifestLine(entry('a'));
    expect(await read(`${whole}{"key":"cut`, { bytes: whole.length })).toEqual([
      entry('a'),
      entry('b'),
    ]);
    expect(await read('', { bytes: 0 })).toEqual([]);
  });

  it('takes a date that it can’t read for a racy one', async () => {
    const lastModifiedMs = Date.UTC(12_026, 1, 1);
    const line = manifestLine(entry('a', { lastModifiedMs, resolutionMs: 60_000 }));
    expect(await read(line)).toEqual([entry('a', { racy: true })]);
  });

  const good = manifestLine(entry('k'));
  it.each<[string, string | Uint8Array]>([
    ['is cut', '{"key":"z","rule":"r"'],
    ['is no JSON', 'key\n'],
    ['is empty', '\n'],
    ['is a list', '["key"]\n'],
    ['has no key', '{"rule":"r"}\n'],
    ['has an empty key', '{"key":"","rule":"r"}\n'],
    ['has a key that is no text', '{"key":7,"rule":"r"}\n'],
    ['has no rule', '{"key":"z"}\n'],
    ['has a size that is none', '{"key":"z","size":"1","rule":"r"}\n'],
    ['has an ETag that is no text', '{"key":"z","etag":1,"rule":"r"}\n'],
    [
      'is not UTF-8',
      Uint8Array.of(...Buffer.from('{"key":"z'), 0xff, ...Buffer.from('","rule":"r"}\n')),
    ],
  ])('names the file and the line that %s', async (_, bad) => {
    for (const before of ['j', 'l']) {
      const lines = [manifestLine(entry(before)), good, bad].map((line) => Buffer.from(line));
      await expect(read(Buffer.concat(lines), { memoryBytes: 1 })).rejects.toMatchObject({
        kind: 'state-unusable',
        message: expect.stringMatching(/manifest\.jsonl:3: .*--new-job/) as string,
      });
    }
  });

  it('tells a manifest that lost its end, and one that is gone', async () => {
    await expect(read(good, { bytes: good.length + 5 })).rejects.toMatchObject({
      kind: 'state-unusable',
      message: expect.stringMatching(/manifest\.jsonl:2: .*cut/) as string,
    });
    await expect(read(good, { manifest: path.join(folder, 'gone') })).rejects.toMatchObject({
      kind: 'state-unusable',
      message: expect.stringMatching(/the manifest at .*gone.*ENOENT/) as string,
    });
  });
});
