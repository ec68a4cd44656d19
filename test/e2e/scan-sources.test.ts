import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type IndexSite, pagesOf, startIndexSite } from '../support/index-site.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import type { S3DoubleOptions } from '../support/s3-double.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { STORE_ENV } from '../support/store-rules.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';
import { PLAIN_OBJECT } from '../support/plain-object.ts';

interface Line {
  readonly key: string;
  readonly size?: number;
  readonly etag?: string;
  readonly lastModified?: string;
}

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function place(rules: string): Promise<Workplace> {
  const made = await workplace(rules);
  closing.push(made.remove);
  return made;
}

async function scan(rules: string, args: readonly string[] = []): Promise<Scanned> {
  const at = await place(rules);
  const file = path.join(at.folder, 'm.jsonl');
  const result = await runCli(['scan', at.rules, '-o', file, '--json', ...args], {
    env: STORE_ENV,
  });
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n').slice(0, -1);
  const files = await readdir(at.folder);
  return { ...result, files, lines: lines.map((line) => JSON.parse(line) as Line) };
}

interface Scanned extends CliResult {
  readonly lines: readonly Line[];
  /** What stands beside the rules. */
  readonly files: readonly string[];
}

const keysOf = ({ lines }: Scanned): string[] => lines.map(({ key }) => key).toSorted();

describe('an s3:// origin', () => {
  async function store(keys: readonly string[], options: S3DoubleOptions): Promise<S3Double> {
    const double = await startS3Double(options);
    closing.push(() => double.close());
    for (const key of keys) {
      double.bucket('old').objects.set(key, {
        bytes: Buffer.from('four'),
        etag: '"00000000000000000000000000000abc-2"',
        lastModifiedMs: Date.UTC(2026, 10, 21, 18, 1, 24),
        ...PLAIN_OBJECT,
      });
    }
    return double;
  }

  function rules({ endpoint }: S3Double, credentials: string, more = ''): string {
    return `version: 1
allowPrivate: true
bucket: { url: "file:./bucket" }
rules:
  - id: all
    origins:
      masters: [{ url: "s3://old/p/", endpoint: "${endpoint}", credentials: ${credentials} }]
      retries: { perAddress: 2, base: 1ms, max: 20ms }
${more}`;
  }

  const KEYS = ['p/a//b', 'p/sub/c d', 'p/sub/é', 'p/z', 'q/not'];
  const FOUND = ['a//b', 'sub/c d', 'sub/é', 'z'];

  it('is listed where no scan is named, with sizes, ETags and dates', async () => {
    const double = await store(KEYS, { buckets: ['old'] });
    const result = await scan(rules(double, '{ env: DEST }'));
    expect([result.code, keysOf(result)]).toEqual([0, FOUND]);
    expect(result.lines.find(({ key }) => key === 'z')).toMatchObject({
      size: 4,
      etag: '"00000000000000000000000000000abc-2"',
      lastModified: '2026-11-21T18:01:24.000Z',
    });
    expect(result.summary).toMatchObject({ listed: 4, listingErrors: 0 });
    expect(result.summary?.originRequests).toBe(double.requests.length);
  });

  it('that is public is listed without credentials, and below a url only', async () => {
    const double = await store(KEYS, { buckets: [{ name: 'old', publicRead: true }] });
    const below = 'scan: [{ rule: all, from: s3, url: "s3://old/p/sub" }]\n';
    const result = await scan(rules(double, 'anonymous', below));
    expect([result.code, keysOf(result)]).toEqual([0, ['sub/c d', 'sub/é']]);
    expect(double.requests.some(({ headers }) => 'authorization' in headers)).toBe(false);
  });

  it('whose pages go back poisons their prefix and nothing else: exit 3, a listing event', async () => {
    const double = await store(KEYS, { buckets: ['old'] });
    const action = { kind: 'listing', how: 'outOfOrder' } as const;
    double.fail({ operation: 'ListObjectsV2', nth: 4, action });
    const result = await scan(rules(double, '{ env: DEST }'), ['--concurrency', '1']);
    expect(result.code).toBe(3);
    expect(keysOf(result)).toEqual(['a//b', 'z']);
    expect(result.events.filter(({ event }) => event === 'listing')).toMatchObject([
      { rule: 'all', prefix: 'sub/', outcome: 'failed' },
    ]);
  });

  it('that may not be listed is an origin that can not be used, and no job is begun', async () => {
    const double = await store(KEYS, { buckets: ['old'] });
    const result = await scan(rules(double, 'anonymous'));
    expect([result.code, result.stderr]).toEqual([5, expect.stringContaining('s3://old/')]);
    expect(result.files).toEqual(['rules.yaml']);
  });

  it('is needed for a scan from s3', async () => {
    const more = 'scan: [{ rule: all, from: s3, url: "s3://old/" }]\n';
    const result = await scan(`${rulesFor(['http://127.0.0.1:1/'])}${more}`);
    expect([result.code, result.stderr]).toEqual([2, expect.stringContaining('s3:// address')]);
  });
});

describe('a sitemap', () => {
  const loc = (url: string): string => `<url><loc>${url}</loc></url>`;

  async function site(broken = false): Promise<IndexSite> {
    const base = (): string => started.url;
    const packed = (): Buffer =>
      gzipSync(`<urlset>${loc(`${base()}m/a%20b`)}${loc(`${base()}other`)}</urlset>`);
    const started = await startIndexSite((path) =>
      pagesOf({
        '/m/': '',
        '/maps.xml': (response) =>
          response.end(
            `<sitemapindex><sitemap><loc>${base()}1.xml.gz</loc></sitemap>
<sitemap><loc>${base()}2.xml</loc></sitemap></sitemapindex>`,
          ),
        '/1.xml.gz': (response) => response.end(packed()),
        '/2.xml': (response) =>
          broken
            ? response.writeHead(500).end()
            : response.end(`<urlset>${loc(`${base()}m/c`)}</urlset>`),
      })(path),
    );
    closing.push(started.close);
    return started;
  }

  const rules = ({ url }: IndexSite): string =>
    `${rulesFor([`${url}m/`])}scan: [{ rule: all, from: sitemap, url: "${url}maps.xml" }]\n`;

  it('names the keys below the rule’s address, by its index and packed', async () => {
    const result = await scan(rules(await site()));
    expect([result.code, keysOf(result)]).toEqual([0, ['a b', 'c']]);
    expect(result.summary?.scan).toMatchObject({ links: 5, places: 2, passed: { outside: 1 } });
  });

  it('of several that can not be read leaves the scan incomplete: exit 3', async () => {
    const result = await scan(rules(await site(true)));
    expect([result.code, keysOf(result)]).toEqual([3, ['a b']]);
    expect(result.summary).toMatchObject({ listingErrors: 1 });
  });

  it('needs its url', async () => {
    const more = 'scan: [{ rule: all, from: sitemap }]\n';
    const result = await scan(`${rulesFor(['http://127.0.0.1:1/'])}${more}`);
    expect([result.code, result.stderr]).toEqual([2, expect.stringContaining('needs its url')]);
  });
});
