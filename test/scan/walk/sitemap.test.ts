import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import type { WalkPlace, WalkStep } from '../../../src/model/walk.ts';
import { parseRobots } from '../../../src/scan/walk/robots.ts';
import { sitemap } from '../../../src/scan/walk/sitemap.ts';
import { scriptedOrigin } from '../../support/scripted-origin.ts';

const NEVER = new AbortController().signal;
const URL_ = 'http://a.example/sitemap.xml';

function urlset(...entries: readonly string[]): string {
  const urls = entries.map((entry) => `<url>${entry}</url>`).join('\n');
  return `\ufeff<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls}</urlset>\n`;
}

function indexOf(...locs: readonly string[]): string {
  const maps = locs.map((loc) => `<sitemap><loc>${loc}</loc></sitemap>`).join('');
  return `<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${maps}</sitemapindex>`;
}

interface Walked {
  readonly steps: readonly WalkStep[];
  readonly error: unknown;
}

async function walked(
  body: string | Buffer,
  { place, robots = '' }: { readonly place?: WalkPlace; readonly robots?: string } = {},
): Promise<Walked> {
  const walk = sitemap({
    origin: scriptedOrigin([{ body: Buffer.from(body) }]),
    name: 'http://a.example/m/',
    folderUrl: 'http://a.example/m/',
    stem: '',
    headers: {},
    secretHeaders: new Set(),
    robots: () => Promise.resolve(parseRobots(robots, 'bucketfill')),
    onRequest: () => undefined,
    url: URL_,
  });
  const steps: WalkStep[] = [];
  const [start] = walk.start();
  if (start === undefined) throw new Error('there is no start');
  try {
    for await (const piece of walk.walk(place ?? start, NEVER)) {
      expect(piece.links).toBe(piece.steps.length);
      steps.push(...piece.steps);
    }
  } catch (error) {
    return { steps, error };
  }
  return { steps, error: undefined };
}

const loc = (text: string, more = ''): string => `<loc>${text}</loc>${more}`;

describe('a sitemap', () => {
  it('names objects below the address, decoded, with its date as exactly as it stands there', async () => {
    const at = 'http://a.example/m/';
    const { steps, error } = await walked(
      urlset(
        loc(`\n  ${at}caf%C3%A9/a%20b+&amp;c\n `, '<lastmod>2026-11-21</lastmod>'),
        loc(`<![CDATA[${at}x&y]]>`, '<lastmod>2026-11-21T18:01+01:00</lastmod>'),
        loc(`${at}s`, '<lastmod>2026-11-21T18:01:24Z</lastmod><priority>1</priority>'),
        loc(`${at}f`, '<lastmod>2026-11-21T18:01:24.5Z</lastmod>'),
        loc(
          `${at}p`,
          `<image:image><image:loc>${at}no</image:loc><loc>${at}no</loc></image:image>`,
        ),
        loc(`${at}z`, '<lastmod>2026-11-21T18:01:24</lastmod>'),
      ),
    );
    expect(error).toBeUndefined();
    const day = Date.UTC(2026, 10, 21);
    const minute = Date.UTC(2026, 10, 21, 17, 1);
    const second = Date.UTC(2026, 10, 21, 18, 1, 24);
    expect(steps).toEqual([
      {
        kind: 'object',
        originKey: 'café/a b+&c',
        lastModifiedMs: day,
        resolutionMs: 36 * 3_600_000,
      },
      { kind: 'object', originKey: 'x&y', lastModifiedMs: minute, resolutionMs: 60_000 },
      { kind: 'object', originKey: 's', lastModifiedMs: second, resolutionMs: 1000 },
      { kind: 'object', originKey: 'f', lastModifiedMs: second + 500, resolutionMs: 1 },
      { kind: 'object', originKey: 'p' },
      { kind: 'object', originKey: 'z' },
    ]);
  });

  it.each([
    ['http://a.example/other', 'outside'],
    ['http://a.example/m', 'outside'],
    ['http://a.example/m/', 'loop'],
    ['http://b.example/m/k', 'other-site'],
    ['https://a.example/m/k', 'other-site'],
    ['/m/k', 'other-site'],
    ['', 'other-site'],
    ['http://a.example/m/k?page=2', 'query'],
    ['http://a.example/m/k#part', 'fragment'],
    ['http://a.example/m/../m/k', 'dot-segment'],
    ['http://a.example/m/%2e%2e/k', 'dot-segment'],
    ['http://a.example/m//k', 'double-slash'],
    ['http://a.example/m/a%2Fb', 'encoded-slash'],
    ['http://a.example/m/%zz', 'bad-escape'],
    ['http://a.example/m/a\\b', 'bad-escape'],
    ['http://a.example/m/%ff', 'not-utf8'],
    [`http://a.example/m/${'k'.repeat(1025)}`, 'too-long'],
    ['http://a.example/m/private/k', 'robots'],
  ])('passes over %s: %s', async (text, reason) => {
    const robots = 'User-agent: *\nDisallow: /m/private/';
    const { steps, error } = await walked(urlset(loc(text)), { robots });
    expect([steps, error]).toMatchObject([[{ kind: 'passed', reason }], undefined]);
  });

  it('may be packed, whatever it is called, in one member or several', async () => {
    const text = urlset(loc('http://a.example/m/k'));
    const packed = Buffer.concat([gzipSync(text.slice(0, 50)), gzipSync(text.slice(50))]);
    expect((await walked(packed)).steps).toEqual([{ kind: 'object', originKey: 'k' }]);
  });

  it('of 50,000 entries comes whole', async () => {
    const many = Array.from({ length: 50_000 }, (_, index) => loc(`http://a.example/m/${index}`));
    expect((await walked(gzipSync(urlset(...many)))).steps).toHaveLength(50_000);
  });
});

describe('an index of sitemaps', () => {
  it('names places on its own site, and never itself', async () => {
    const { steps } = await walked(
      indexOf('http://a.example/one.xml.gz', URL_, 'http://b.example/two.xml'),
    );
    expect(steps).toEqual([
      { kind: 'place', place: { at: '2 http://a.example/one.xml.gz', prefix: '' } },
      { kind: 'passed', reason: 'loop', link: URL_ },
      { kind: 'passed', reason: 'other-site', link: 'http://b.example/two.xml' },
    ]);
  });

  it('that leads in a circle fails after some rounds', async () => {
    const place = { at: `4 ${URL_}`, prefix: '' };
    const { error } = await walked(indexOf('http://a.example/other.xml'), { place });
    expect(error).toMatchObject({ code: 'CONTENT_REJECTED' });
    expect(String(error)).toMatch(/lead in a circle/);
  });
});

describe('what is no whole sitemap is a failure, and what came before stands:', () => {
  const whole = urlset(loc('http://a.example/m/k'));
  it.each<[string, string | Buffer, RegExp, number]>([
    ['cut', whole.slice(0, -10), /cut/, 1],
    ['cut while packed', gzipSync(whole).subarray(0, -12), /cut short/, 1],
    [
      'packed and damaged',
      Buffer.concat([gzipSync(whole), Buffer.from('\u001f')]),
      /cut|damaged/,
      1,
    ],
    ['a page', '<html><body>hello</body></html>', /<html>/, 0],
    ['nothing', '', /no XML/, 0],
    ['text', 'http://a.example/m/k\n', /no XML/, 0],
    ['not UTF-8', Buffer.from(urlset(loc('http://a.example/m/\u00ff')), 'latin1'), /UTF-8/, 0],
    ['an endless URL', urlset(loc('k'.repeat(20_000))), /<loc> has no end/, 0],
  ])('%s', async (_, body, line, before) => {
    const { steps, error } = await walked(body);
    expect(error).toBeInstanceOf(Failure);
    expect(error).toMatchObject({ code: 'CONTENT_REJECTED' });
    expect(String(error)).toMatch(line);
    expect(steps.length).toBeLessThanOrEqual(before);
  });
});
