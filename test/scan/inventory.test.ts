import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openKeyList } from '../../src/scan/key-list.ts';
import { collect, LIST_START } from '../contract/entry-source-contract.ts';

const SCHEMA = 'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag';
const PREFIX = 'inventory/media/daily';
const { signal } = new AbortController();

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bucketfill-inventory-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

interface DataFile {
  /** Relative to the folder. */
  readonly at: string;
  readonly bytes: Uint8Array;
  readonly changed?: Readonly<Record<string, unknown>>;
}

/** Writes data files and a manifest that names them by their keys in the inventory's bucket. */
async function inventory(
  files: readonly DataFile[],
  changed: Readonly<Record<string, unknown>> = {},
  manifestAt = 'manifest.json',
): Promise<string> {
  for (const { at, bytes } of files) {
    await mkdir(path.dirname(path.join(folder, at)), { recursive: true });
    await writeFile(path.join(folder, at), bytes);
  }
  const manifest = path.join(folder, manifestAt);
  await mkdir(path.dirname(manifest), { recursive: true });
  const text = {
    sourceBucket: 'media',
    destinationBucket: 'arn:aws:s3:::lists',
    version: '2016-11-30',
    creationTimestamp: '1514944800000',
    fileFormat: 'CSV',
    fileSchema: SCHEMA,
    files: files.map(({ at, bytes, changed: other }) => ({
      key: `${PREFIX}/data/${path.basename(at)}`,
      size: bytes.length,
      MD5checksum: md5(bytes),
      ...other,
    })),
    ...changed,
  };
  await writeFile(manifest, JSON.stringify(text, undefined, 2));
  return manifest;
}

const row = (key: string, latest = 'true', marker = 'false'): string =>
  [
    'media',
    key,
    'v1',
    latest,
    marker,
    '5',
    '2026-01-31T23:59:59.000Z',
    '5d41402abc4b2a76b9719d911017c592',
  ]
    .map((field) => `"${field}"`)
    .join(',');
const rows = (...keys: string[]): Buffer => gzipSync(keys.map((key) => `${row(key)}\n`).join(''));

async function keysOf(manifest: string): Promise<readonly string[]> {
  const list = await openKeyList({ path: manifest });
  expect(list.format).toBe('s3-inventory');
  const entries = (await collect(list)).flatMap((batch) => batch.entries);
  await list.close();
  return entries.map((entry) => ('key' in entry ? entry.key : `! ${entry.reason}`));
}

describe('an S3 Inventory', () => {
  it('declares size, ETag and time, and gives keys as they are in the bucket', async () => {
    const manifest = await inventory([
      { at: 'a.csv.gz', bytes: rows('a%2Fb+c%2B%25.txt', '%C3%A9', '%22q%22%2C') },
    ]);
    const list = await openKeyList({ path: manifest });
    const entries = (await collect(list)).flatMap((batch) => batch.entries);
    const declared = {
      size: 5,
      etag: '5d41402abc4b2a76b9719d911017c592',
      lastModifiedMs: Date.UTC(2026, 0, 31, 23, 59, 59),
    };
    expect(entries).toEqual(['a/b c+%.txt', 'é', '"q",'].map((key) => ({ key, ...declared })));
    await list.close();
  });

  it('gives of several versions the latest, and no delete markers', async () => {
    const bytes = Buffer.from(
      [row('old', 'false'), row('new', 'true'), row('gone', 'True', 'True'), ''].join('\n'),
    );
    expect(await keysOf(await inventory([{ at: 'a.csv', bytes }]))).toEqual(['new']);
  });

  it('is the rows of all its files in order, also where a last line end is missing', async () => {
    const manifest = await inventory([
      { at: 'b.csv.gz', bytes: gzipSync(row('b')) },
      { at: 'empty.csv.gz', bytes: gzipSync('') },
      { at: 'a.csv.gz', bytes: rows('a') },
    ]);
    expect(await keysOf(manifest)).toEqual(['b', 'a']);
    expect(await keysOf(await inventory([]))).toEqual([]);
  });

  it('can be read from any batch on, and again, over all of its files', async () => {
    const keys = Array.from({ length: 3500 }, (_, index) => `k${String(index)}`);
    const manifest = await inventory([
      { at: '1.csv.gz', bytes: rows(...keys.slice(0, 1700)) },
      { at: '2.csv.gz', bytes: rows(...keys.slice(1700)) },
    ]);
    const list = await openKeyList({ path: manifest });
    const batches = await collect(list);
    const told = batches
      .flatMap((batch) => batch.entries)
      .map((entry) => 'key' in entry && entry.key);
    expect(told).toEqual(keys);
    let position = LIST_START;
    // Another source knows nothing of how long the files are.
    const other = await openKeyList({ path: manifest });
    for (const [index, { start, end, prefixCrc, entries }] of batches.entries()) {
      expect(await list.reread(start, end, signal)).toEqual(entries);
      const again = await collect(index % 2 === 0 ? list : other, position);
      expect(again.map((batch) => batch.end)).toEqual(batches.slice(index).map((one) => one.end));
      position = { end, prefixCrc };
      expect(await list.startsWith(position, signal)).toBe(true);
    }
    await list.close();
    await other.close();
  });

  it.each([
    ['beside the manifest by base name', 'x.csv.gz', 'manifest.json'],
    ['beside the manifest by key', `${PREFIX}/data/x.csv.gz`, 'manifest.json'],
    [
      'where a copy of the bucket has it',
      `${PREFIX}/data/x.csv.gz`,
      `${PREFIX}/2026-01-31T01-00Z/manifest.json`,
    ],
  ])('finds its files: %s', async (_, at, manifestAt) => {
    const manifest = await inventory([{ at, bytes: rows('a') }], {}, manifestAt);
    expect(await keysOf(manifest)).toEqual(['a']);
  });

  it.each([
    ['a file that is missing', { key: 'elsewhere/y.csv.gz' }, 'elsewhere/y.csv.gz'],
    ['a file of another size', { size: 1 }, 'the manifest says 1'],
    ['a file of another MD5', { MD5checksum: '0'.repeat(32) }, 'the manifest says 000'],
    ['a file without an MD5', { MD5checksum: undefined }, 'has no MD5checksum'],
    ['a key that climbs', { key: '../../x.csv.gz' }, 'no usable key in files[0]'],
  ])('is refused as a whole for %s', async (_, changed, reason) => {
    const manifest = await inventory([{ at: 'x.csv.gz', bytes: rows('a'), changed }]);
    await expect(keysOf(manifest)).rejects.toMatchObject({ name: 'FatalError', kind: 'usage' });
    await expect(keysOf(manifest)).rejects.toThrow(reason);
  });

  it.each([
    [{ fileFormat: 'ORC' }, 'only CSV is read'],
    [{ fileFormat: 'Parquet' }, 'only CSV is read'],
    [{ fileSchema: 'Bucket, Size' }, 'names no Key'],
    [{ files: undefined }, 'no manifest.json of an S3 Inventory'],
  ])('is refused where its manifest says %j', async (changed, reason) => {
    const manifest = await inventory([{ at: 'x.csv.gz', bytes: rows('a') }], changed);
    const opening = openKeyList({ path: manifest, format: 's3-inventory' });
    await expect(opening).rejects.toMatchObject({ name: 'FatalError', kind: 'usage' });
    await expect(opening).rejects.toThrow(reason);
  });

  it('takes a bad row for one bad entry', async () => {
    const bytes = gzipSync(['media,a', row('100%'), row('%FF'), row('z'), ''].join('\n'));
    expect(await keysOf(await inventory([{ at: 'x.csv.gz', bytes }]))).toEqual([
      expect.stringContaining('has 2 fields, expected 8'),
      expect.stringContaining('not URL-encoded UTF-8'),
      expect.stringContaining('not URL-encoded UTF-8'),
      'z',
    ]);
  });

  it('ends where a file changes after it was checked', async () => {
    const manifest = await inventory([{ at: 'x.csv.gz', bytes: rows('a') }]);
    const list = await openKeyList({ path: manifest });
    await appendFile(path.join(folder, 'x.csv.gz'), rows('b'));
    await expect(collect(list)).rejects.toThrow('changed since it was checked');
    await list.close();
  });
});
