import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type IndexSite, type SitePage, startIndexSite } from '../support/index-site.ts';
import { plainFiles } from '../support/oracle.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { type Workplace, workplace } from '../support/workplace.ts';
import { PLAIN_OBJECT } from '../support/plain-object.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const bodyOf = (key: string): Buffer => Buffer.from(`the object ${key}`);

/** A site that has every object, below `/o/`, and some other files. */
async function site(files: Readonly<Record<string, string | Buffer>> = {}): Promise<IndexSite> {
  const started = await startIndexSite((wire): SitePage => {
    const file = files[wire];
    const isObject = wire.startsWith('/o/') && wire.length > 3;
    const body = file ?? (isObject ? bodyOf(decodeURIComponent(wire.slice(3))) : undefined);
    if (body === undefined) return undefined;
    return (response) => response.writeHead(200, { 'content-length': body.length }).end(body);
  });
  closing.push(started.close);
  return started;
}

/** A rules file with an s3 origin or a site, and what it scans. */
async function place(origin: string, scan: string, more = ''): Promise<Workplace> {
  const at = await workplace(`version: 1
allowPrivate: true
bucket: { url: file:./bucket }
rules:
  - { id: other, match: { keyPrefix: other/ }, origins: { masters: [${origin}] } }
  - { id: all, ${more} origins: { masters: [${origin}], retries: { perAddress: 1 } } }
scan: [{ rule: all, ${scan} }]
`);
  closing.push(at.remove);
  return at;
}

interface Line {
  readonly key: string;
  readonly originKey?: string;
  readonly size?: number;
  readonly etag?: string;
  readonly lastModified?: string;
}

async function scanned(
  at: Workplace,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly result: CliResult; readonly lines: readonly Line[] }> {
  const file = path.join(at.folder, 'manifest.jsonl');
  const result = await runCli(['scan', at.rules, '-o', file, '--json', '--new-job'], { env });
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  return { result, lines: lines.map((line) => JSON.parse(line) as Line) };
}

describe('a scan from keys', () => {
  const CSV =
    'key,size,etag,lastModified\n' +
    'a.txt,16,abc,2026-01-31T23:59:59Z\n' +
    'p/é b.txt,,,\n' +
    'other/x,,,\n';

  it('takes a list beside the rules file as the bucket’s own keys, with what it declares', async () => {
    const origin = await site();
    const at = await place(
      `"${origin.url}"`,
      'from: keys, url: ./keys.csv.gz',
      'match: { keySuffix: .txt }, key: { addPrefix: o/ },',
    );
    await writeFile(path.join(at.folder, 'keys.csv.gz'), gzipSync(CSV));
    const { result, lines } = await scanned(at);
    expect(result.code).toBe(0);
    expect(lines).toEqual([
      {
        key: 'a.txt',
        rule: 'all',
        originKey: 'o/a.txt',
        size: 16,
        etag: '"abc"',
        lastModified: '2026-01-31T23:59:59.000Z',
      },
      { key: 'p/é b.txt', rule: 'all', originKey: 'o/p/é b.txt' },
    ]);
    expect(result.summary?.scan).toMatchObject({
      links: 3,
      keys: 2,
      passed: { 'other-rule': 1 },
    });
  });

  it('fetches a list, of which migrate then copies every object', async () => {
    const files = { '/lists/keys.jsonl': '{"key":"a"}\n{"key":"b/c"}\n' };
    const origin = await site(files);
    const scan = `from: keys, url: "${origin.url}lists/keys.jsonl"`;
    const at = await place(`"${origin.url}o/"`, scan);
    const result = await runCli(['migrate', at.rules, '--json']);
    expect(result.summary).toMatchObject({ listed: 2, copied: 2, exitCode: 0 });
    const found = await plainFiles(at.bucket);
    expect(new Map(found)).toEqual(new Map(['a', 'b/c'].map((key) => [key, bodyOf(key)])));
  });

  it('is not whole with a record that names no key, and says so', async () => {
    const origin = await site();
    const at = await place(`"${origin.url}"`, 'from: keys, url: ./keys.jsonl');
    const list = '{"key":"a"}\n{"kee":"b"}\n{"key":"c","size":"many"}\n{"key":"d"}\n';
    await writeFile(path.join(at.folder, 'keys.jsonl'), list);
    const { result, lines } = await scanned(at);
    expect(result.code).toBe(3);
    expect(lines.map(({ key }) => key)).toEqual(['a', 'd']);
    expect(result.events).toContainEqual(
      expect.objectContaining({ event: 'listing', prefix: '', code: 'KEY_INVALID' }),
    );
    expect(result.stderr).toContain('2 records name no key that can be used: ');
  });

  it.each([
    ['gone.csv', undefined, /key list .*gone\.csv: no such file/],
    ['bad.csv', 'name,size\na,1\n', /names no column key/],
    ['bad.csv.gz', 'not packed', /is named \.gz but holds no gzip data/],
    ['urls.jsonl', '{"key":"a","url":"http://a.example/"}\n', /names URLs.*--keys/],
  ])('from %s is refused', async (name, text, message) => {
    const origin = await site();
    const at = await place(`"${origin.url}"`, `from: keys, url: ./${name}`);
    if (text !== undefined) await writeFile(path.join(at.folder, name), text);
    const { result } = await scanned(at);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(message);
  });

  it('that can not be fetched is refused before any state is written', async () => {
    const origin = await site();
    const at = await place(`"${origin.url}"`, `from: keys, url: "${origin.url}gone.csv"`);
    const { result } = await scanned(at);
    expect(result.code).toBe(5);
    expect(result.stderr).toContain("rule all, scan[0]: the list can't be fetched: ");
    expect(await readdir(at.folder)).toEqual(['rules.yaml']);
  });
});

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

const row = (key: string): string =>
  `"media","${encodeURIComponent(key)}","5","2026-01-31T23:59:59.000Z","5d41402a"\n`;

const rows = (...keys: readonly string[]): Buffer => gzipSync(keys.map(row).join(''));

const PREFIX = 'inventory/media/daily';

/** Files of an inventory by their keys in its bucket, and the manifest that names them. */
function inventoryOf(...parts: readonly Buffer[]): Map<string, Buffer> {
  const files = new Map<string, Buffer>(
    parts.map((bytes, index) => [`${PREFIX}/data/part ${index}.csv.gz`, bytes]),
  );
  const manifest = {
    sourceBucket: 'media',
    destinationBucket: 'arn:aws:s3:::lists',
    version: '2016-11-30',
    creationTimestamp: String(Date.UTC(2026, 1, 1)),
    fileFormat: 'CSV',
    fileSchema: 'Bucket, Key, Size, LastModifiedDate, ETag',
    files: [...files].map(([key, bytes]) => ({ key, size: bytes.length, MD5checksum: md5(bytes) })),
  };
  const at = `${PREFIX}/2026-02-01T01-00Z/manifest.json`;
  return files.set(at, Buffer.from(JSON.stringify(manifest)));
}

const MANIFEST = `${PREFIX}/2026-02-01T01-00Z/manifest.json`;

function hold(store: S3Double, bucket: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [key, bytes] of files) {
    store.bucket(bucket).objects.set(key, {
      bytes: Buffer.from(bytes),
      etag: `"${md5(bytes)}"`,
      lastModifiedMs: 1_700_000_000_000,
      ...PLAIN_OBJECT,
    });
  }
}

async function store(): Promise<{ readonly double: S3Double; readonly master: string }> {
  const double = await startS3Double({
    buckets: ['media', 'lists'],
    keys: [{ accessKeyId: 'AK', secretAccessKey: 'SK' }],
  });
  closing.push(() => double.close());
  const master = `{ url: "s3://media/p/", endpoint: "${double.endpoint}", credentials: { env: OLD } }`;
  return { double, master };
}

const OLD = { OLD_ACCESS_KEY_ID: 'AK', OLD_SECRET_ACCESS_KEY: 'SK' };

describe('a scan from an S3 Inventory', () => {
  it('in the store itself lists the origin’s keys below its address, and migrate copies them', async () => {
    const { double, master } = await store();
    const keys = ['p/a', 'p/b/é +c', 'q/elsewhere'];
    hold(double, 'media', new Map(keys.map((key) => [key, bodyOf(key)])));
    hold(double, 'lists', inventoryOf(rows('p/a', 'q/elsewhere'), rows('p/b/é +c')));
    const at = await place(master, `from: s3Inventory, url: "s3://lists/${MANIFEST}"`);
    const { result, lines } = await scanned(at, OLD);
    expect(result.code).toBe(0);
    expect(lines.map(({ key }) => key).toSorted()).toEqual(['a', 'b/é +c']);
    expect(lines[0]).toMatchObject({
      size: 5,
      etag: '"5d41402a"',
      lastModified: '2026-01-31T23:59:59.000Z',
    });
    expect(result.summary?.scan).toMatchObject({ pages: 3, places: 2, passed: { outside: 1 } });
    const copied = await runCli(['migrate', at.rules, '--json'], { env: OLD });
    expect(copied.summary).toMatchObject({ copied: 2, failed: 0, exitCode: 0 });
    expect(new Map(await plainFiles(at.bucket))).toEqual(
      new Map([
        ['a', bodyOf('p/a')],
        ['b/é +c', bodyOf('p/b/é +c')],
      ]),
    );
  });

  it('on a site finds its files by their keys above the manifest', async () => {
    const files = inventoryOf(rows('a', 'b'), rows('c'));
    const wires = [...files].map(([key, bytes]) => [`/copy/${encodeURI(key)}`, bytes] as const);
    const origin = await site(Object.fromEntries(wires));
    const scan = `from: s3Inventory, url: "${origin.url}copy/${MANIFEST}"`;
    const at = await place(`"${origin.url}o/"`, scan);
    const { result, lines } = await scanned(at);
    expect(result.code).toBe(0);
    expect(lines.map(({ key }) => key).toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('with a damaged file lists the others, and is not whole', async () => {
    const files = inventoryOf(rows('a', 'b'), rows('c'));
    files.set(`${PREFIX}/data/part 0.csv.gz`, rows('a', 'x'));
    const origin = await site();
    const at = await place(`"${origin.url}o/"`, `from: s3Inventory, url: ./copy/${MANIFEST}`);
    for (const [key, bytes] of files) {
      const file = path.join(at.folder, 'copy', key);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
    const { result, lines } = await scanned(at);
    expect(result.code).toBe(3);
    expect(lines.map(({ key }) => key)).toEqual(['c']);
    expect(result.events).toContainEqual(
      expect.objectContaining({ event: 'listing', prefix: '', code: 'CONTENT_REJECTED' }),
    );
  });

  it('of another bucket than the rule’s is refused', async () => {
    const { double, master } = await store();
    hold(double, 'lists', inventoryOf(rows('p/a')));
    const other = master.replace('s3://media/', 's3://lists/');
    const at = await place(other, `from: s3Inventory, url: "s3://lists/${MANIFEST}"`);
    const { result } = await scanned(at, OLD);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('the inventory lists the bucket "media", expected one of');
  });
});
