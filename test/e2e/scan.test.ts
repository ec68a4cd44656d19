import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { PassedEvent, ScanTotals } from '../../src/model/event.ts';
import {
  indexOf,
  type IndexSite,
  pagesOf,
  type SitePage,
  startIndexSite,
} from '../support/index-site.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { deadPort } from '../support/site.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

interface Line {
  readonly key: string;
  readonly rule: string;
  readonly size?: number;
  readonly lastModified?: string;
  readonly originKey?: string;
}

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function site(page: (path: string) => SitePage): Promise<IndexSite> {
  const started = await startIndexSite(page);
  closing.push(started.close);
  return started;
}

async function place(rules: string): Promise<Workplace> {
  const made = await workplace(rules);
  closing.push(made.remove);
  return made;
}

async function scan(at: Workplace, args: readonly string[] = [], options: CliOptions = {}) {
  const file = path.join(at.folder, 'm.jsonl');
  const result = await runCli(['scan', at.rules, '-o', file, '--json', ...args], options);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return { ...result, lines: text === undefined ? undefined : linesOf(text) };
}

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

function keysOf(lines: readonly Line[] | undefined): string[] {
  return (lines ?? []).map(({ key }) => key).toSorted();
}

function totalsOf({ summary }: CliResult): ScanTotals {
  if (summary?.scan === undefined) throw new Error('there is no summary');
  return summary.scan;
}

function passedOf({ events }: CliResult): string[] {
  const passed = events.filter((event): event is PassedEvent => event.event === 'passed');
  return passed.map(({ link, reason, prefix }) => `${prefix} ${link}: ${reason}`);
}

const TREE = pagesOf({
  '/': indexOf(['../', 'a.txt', 'd%20e/', 'empty/']),
  '/d%20e/': indexOf(['../', 'b.txt', 'sub/']),
  '/d%20e/sub/': indexOf(['../', 'caf%C3%A9', 'per%25cent', 'am&amp;p']),
  '/empty/': indexOf(['../']),
});
const TREE_KEYS = ['a.txt', 'd e/b.txt', 'd e/sub/am&p', 'd e/sub/café', 'd e/sub/per%cent'];

describe('a whole tree', () => {
  it('is written as a manifest, and each link is accounted for, whole and by prefix', async () => {
    const origin = await site(TREE);
    const result = await scan(await place(rulesFor([origin.url])));
    expect(result.code).toBe(0);
    expect(keysOf(result.lines)).toEqual(TREE_KEYS);
    expect(result.summary).toMatchObject({ command: 'scan', listed: 5, listingErrors: 0 });
    const totals = totalsOf(result);
    expect(totals).toMatchObject({ pages: 4, links: 12, keys: 5, places: 3, passed: { loop: 4 } });
    expect(totals.prefixes).toMatchObject({
      '': { pages: 1, links: 4, keys: 1, places: 2, passed: { loop: 1 } },
      'd e/': { pages: 2, links: 7, keys: 4, places: 1, passed: { loop: 2 } },
      'empty/': { pages: 1, links: 1, keys: 0, places: 0, passed: { loop: 1 } },
    });
    expect([...origin.userAgents][0]).toMatch(/^bucketfill\//);
  });

  it('goes to stdout where no file is named, and events are refused there', async () => {
    const origin = await site(TREE);
    const at = await place(rulesFor([origin.url]));
    const result = await runCli(['scan', at.rules, '--quiet']);
    expect(keysOf(linesOf(result.stdout))).toEqual(TREE_KEYS);
    expect(result.stderr).toBe('');
    const refused = await runCli(['scan', at.rules, '--json']);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/-o FILE/)]);
  });

  it('of a local directory comes with sizes and dates, and links are not followed', async () => {
    const at = await place('');
    await writeFile(path.join(at.folder, 'x&y.txt'), 'four');
    await at.writeRules(
      `${rulesFor(['http://127.0.0.1:1/'])}scan: [{ rule: all, from: directory, url: ./ }]\n`,
    );
    const result = await scan(at, [
      '--state',
      path.join(at.folder, '..', `${path.basename(at.folder)}-state`),
    ]);
    const line = result.lines?.find(({ key }) => key === 'x&y.txt');
    expect(line).toMatchObject({ key: 'x&y.txt', size: 4, rule: 'all' });
    expect(line?.lastModified).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });
});

describe('what can not be listed', () => {
  it('poisons its prefix and nothing else: exit 3, a listing event, the rest is there', async () => {
    const origin = await site((path) =>
      path === '/d%20e/sub/' ? (response) => response.writeHead(500).end() : TREE(path),
    );
    const result = await scan(await place(rulesFor([origin.url])));
    expect(result.code).toBe(3);
    expect(keysOf(result.lines)).toEqual(['a.txt', 'd e/b.txt']);
    expect(result.events.filter(({ event }) => event === 'listing')).toMatchObject([
      { rule: 'all', prefix: 'd e/sub/', outcome: 'failed', code: 'ORIGIN_STATUS', status: 500 },
    ]);
    expect(result.summary).toMatchObject({ listingErrors: 1, exitCode: 3 });
  });

  it.each<[string, SitePage, string]>([
    [
      'a page that is a file',
      (r) => r.writeHead(200, { 'content-type': 'image/png' }).end('x'),
      'CONTENT_REJECTED',
    ],
    [
      'JSON that is no index',
      (r) => r.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
      'CONTENT_REJECTED',
    ],
    [
      'a redirect to another page',
      (r) => r.writeHead(302, { location: '/empty/' }).end(),
      'REDIRECT_REFUSED',
    ],
    [
      'a page that is cut',
      (r) => {
        r.writeHead(200, { 'content-type': 'text/html', 'content-length': 999 });
        r.write('<a href="x">x</a>\n');
        setImmediate(() => r.destroy());
      },
      'LENGTH_MISMATCH',
    ],
    [
      'a page whose end nobody can tell',
      (r) => {
        r.shouldKeepAlive = false;
        r.useChunkedEncodingByDefault = false;
        r.writeHead(200, { 'content-type': 'text/html', connection: 'close' });
        r.end('<a href="x">x</a>\n');
      },
      'LENGTH_UNKNOWN',
    ],
  ])('%s is no listing', async (_, page, code) => {
    const origin = await site((path) => (path === '/d%20e/' ? page : TREE(path)));
    const result = await scan(await place(rulesFor([origin.url])));
    expect(result.code).toBe(3);
    expect(result.events.filter(({ event }) => event === 'listing')).toMatchObject([
      { prefix: 'd e/', code },
    ]);
  });

  it('a page that breaks off and comes again whole is listed once', async () => {
    const page = indexOf(Array.from({ length: 3000 }, (_, index) => `f${index}`));
    let times = 0;
    const origin = await site((path) => {
      if (path === '/robots.txt') return undefined;
      times += 1;
      // The first one only asks whether anybody answers.
      if (times !== 2) return page;
      return (response) => {
        response.writeHead(200, { 'content-type': 'text/html', 'content-length': page.length });
        response.write(page.slice(0, 60_000), () => setImmediate(() => response.destroy()));
      };
    });
    const result = await scan(await place(rulesFor([origin.url])));
    expect([result.code, result.lines?.length, times]).toEqual([0, 3000, 3]);
    expect(new Set(keysOf(result.lines)).size).toBe(3000);
    expect(totalsOf(result)).toMatchObject({ links: 3000, keys: 3000 });
  });

  it.each([404, 403])('a start page that answers %i ends with 5', async (status) => {
    const origin = await site(() => (response) => response.writeHead(status).end());
    const result = await scan(await place(rulesFor([origin.url])));
    expect([result.code, result.lines]).toEqual([5, undefined]);
    expect(result.stderr).toContain('nothing can be listed');
  });

  it('an origin where nobody listens ends with 5 and leaves no job', async () => {
    const at = await place(rulesFor([`http://127.0.0.1:${await deadPort()}/`]));
    expect((await scan(at)).code).toBe(5);
    await expect(readFile(path.join(at.folder, '.bucketfill/.gitignore'))).rejects.toThrow();
  });
});

describe('links that lead nowhere', () => {
  it('each is passed over with its reason, and none is asked for', async () => {
    const origin = await site((path) =>
      pagesOf({
        '/base/': indexOf([
          './',
          '../',
          '/',
          '/base/',
          'http://127.0.0.1:1/x',
          'mailto:x',
          '?C=N;O=D',
          'z.txt?v=1',
          'p%2Fq.txt',
          'x//y.txt',
          'x/../y',
          'bad%FF',
          '100%',
          'a/b',
          'ok',
          'ok',
          '/based/x',
          'up/',
        ]),
        '/base/up/': indexOf(['../', '/base/up/', '/base/', 'k', '/base/other']),
      })(path),
    );
    const result = await scan(await place(rulesFor([`${origin.url}base/`])));
    expect(keysOf(result.lines)).toEqual(['ok', 'up/k']);
    expect(totalsOf(result).passed).toEqual({
      loop: 5,
      outside: 3,
      'other-site': 2,
      query: 2,
      'encoded-slash': 1,
      'double-slash': 1,
      'dot-segment': 1,
      'not-utf8': 1,
      'bad-escape': 1,
      deeper: 1,
      duplicate: 1,
      elsewhere: 1,
    });
    expect(passedOf(result)).toEqual([
      ' z.txt?v=1: query',
      ' p%2Fq.txt: encoded-slash',
      ' x//y.txt: double-slash',
      ' x/../y: dot-segment',
      ' bad%FF: not-utf8',
      ' 100%: bad-escape',
      ' a/b: deeper',
      'up/ /base/other: elsewhere',
    ]);
    expect(origin.asked.toSorted()).toEqual(['/base/', '/base/', '/base/up/', '/robots.txt']);
  });
});

describe('robots.txt', () => {
  const robots = (text: string) => (path: string) => (path === '/robots.txt' ? text : TREE(path));

  it('is asked for once and obeyed, for pages and for objects', async () => {
    const origin = await site(
      robots('User-agent: bucketfill\nDisallow: /d%20e/sub\nDisallow: /a.txt\n'),
    );
    const result = await scan(await place(rulesFor([origin.url])));
    expect([result.code, keysOf(result.lines)]).toEqual([0, ['d e/b.txt']]);
    expect(totalsOf(result).passed).toMatchObject({ robots: 2 });
    expect(origin.asked.filter((path) => path === '/robots.txt')).toHaveLength(1);
  });

  it('that forbids the start ends with 5, and --ignore-robots never asks', async () => {
    const origin = await site(robots('User-agent: *\nDisallow: /\n'));
    const at = await place(rulesFor([origin.url]));
    const refused = await scan(at);
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('--ignore-robots')]);
    const asked = origin.asked.length;
    const result = await scan(at, ['--ignore-robots', '--new-job']);
    expect([result.code, keysOf(result.lines)]).toEqual([0, TREE_KEYS]);
    expect(origin.asked.slice(asked)).not.toContain('/robots.txt');
  });

  it('that the server can not give is taken for a no', async () => {
    const origin = await site((path) =>
      path === '/robots.txt' ? (response) => response.writeHead(500).end() : TREE(path),
    );
    const result = await scan(await place(rulesFor([origin.url])));
    expect([result.code, result.stderr]).toEqual([5, expect.stringContaining('robots.txt')]);
  });
});

describe('keys of rules', () => {
  const two = (url: string) => `version: 1
allowPrivate: true
bucket: { url: file:./bucket }
rules:
  - { id: pic, match: { keyPrefix: img/ }, key: { replacePrefix: picture/ }, origins: { masters: [${JSON.stringify(url)}] } }
  - { id: rest, origins: { masters: [${JSON.stringify(url)}] } }
`;

  it('are told through the rewriting, and belong to the first rule that takes them', async () => {
    const origin = await site(
      pagesOf({
        '/': indexOf(['a', 'picture/', 'img/']),
        '/picture/': indexOf(['p']),
        '/img/': indexOf(['i']),
      }),
    );
    const result = await scan(await place(two(origin.url)));
    const lines = result.lines?.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    expect(lines).toEqual([
      { key: 'a', rule: 'rest' },
      { key: 'img/p', rule: 'pic', originKey: 'picture/p' },
      { key: 'picture/p', rule: 'rest' },
    ]);
    expect(totalsOf(result).passed).toEqual({ 'other-rule': 1 });
  });

  it('of one rule alone are looked for where they can be, and nowhere else', async () => {
    const origin = await site(pagesOf({ '/picture/': indexOf(['p']) }));
    const result = await scan(await place(two(origin.url)), ['--rule', 'pic']);
    expect(keysOf(result.lines)).toEqual(['img/p']);
    expect(origin.asked).not.toContain('/d/');
    expect(origin.asked.filter((path) => path === '/')).toHaveLength(1);
  });

  it('that no scan can tell are refused, and so are sources without what they need', async () => {
    const at = await place(
      rulesFor(['http://127.0.0.1:1/'], [], '    key: { replaceSuffix: { to: .m4v } }\n'),
    );
    const untold = await scan(at);
    expect([untold.code, untold.stderr]).toEqual([2, expect.stringContaining('replaceSuffix')]);
    await at.writeRules(
      `${rulesFor(['http://127.0.0.1:1/'])}scan: [{ rule: all, from: s3Inventory }]\n`,
    );
    const nameless = await scan(at);
    expect([nameless.code, nameless.stderr]).toEqual([2, expect.stringContaining('needs its url')]);
  });

  it('of a url below the master count from the master', async () => {
    const origin = await site(pagesOf({ '/dir/sub%20x/': indexOf(['k']) }));
    const at = await place(
      `${rulesFor([`${origin.url}dir/`])}scan: [{ rule: all, from: httpIndex, url: "${origin.url}dir/sub%20x" }]\n`,
    );
    expect(keysOf((await scan(at)).lines)).toEqual(['sub x/k']);
  });
});
