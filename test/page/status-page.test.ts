import { createHash } from 'node:crypto';
import { Parser } from 'htmlparser2';
import { describe, expect, test } from 'vitest';
import { html } from '../../src/page/html.ts';
import { showText } from '../../src/page/show-text.ts';
import { statusPage } from '../../src/page/status-page.ts';
import { busyStatus, emptyStatus, HOSTILE_KEYS } from './sample-status.ts';

interface Page {
  /** Of all elements, with their attributes. */
  readonly elements: readonly { readonly name: string; readonly attributes: object }[];
  /** Of each part that changes, by its id, without surrounding spaces. */
  readonly texts: Readonly<Record<string, string>>;
  /** Of style and script. */
  readonly raw: Readonly<Record<string, string>>;
}

/** What stands beside its neighbours without a space between. */
const CELLS = new Set(['td', 'th', 'dt', 'dd']);

function read(markup: string): Page {
  const elements: { name: string; attributes: object }[] = [];
  const texts: Record<string, string> = {};
  const raw: Record<string, string> = {};
  const open: string[] = [];
  const parser = new Parser({
    onopentag: (name, attributes) => {
      elements.push({ name, attributes });
      open.push('data-live' in attributes ? (attributes['id'] ?? '') : (open.at(-1) ?? ''));
      if (name === 'style' || name === 'script') open.splice(-1, 1, `<${name}>`);
    },
    onclosetag: (name) => {
      const place = open.pop() ?? '';
      if (CELLS.has(name)) texts[place] = `${texts[place] ?? ''} `;
    },
    ontext: (text) => {
      const place = open.at(-1) ?? '';
      const into = place.startsWith('<') ? raw : texts;
      into[place] = `${into[place] ?? ''}${text}`;
    },
  });
  parser.end(markup);
  for (const [id, text] of Object.entries(texts)) texts[id] = text.replaceAll(/\s+/g, ' ').trim();
  return { elements, texts, raw };
}

const plain = ['video/a.mp4', 'img/b.png'];

test('the verdict is the first thing, its changes are announced', () => {
  const { html: markup } = statusPage(busyStatus(plain), 'whole');
  const main = markup.slice(markup.indexOf('<main>'));
  expect(main.indexOf('id="verdict"')).toBeLessThan(main.indexOf('<table'));
  const { elements, texts } = read(markup);
  expect(texts['verdict']).toBe(
    'safe to switch off: no, 14 keys needed the origin in the last 24 h',
  );
  expect(elements).toContainEqual({
    name: 'div',
    attributes: { id: 'verdict', class: 'verdict', 'aria-live': 'polite', 'data-live': '' },
  });
});

test.each([
  ['no', false, 14],
  ['wait', false, 0],
  ['yes', true, 0],
])(
  'a verdict is marked as %s where safe is %s and %i keys needed an origin',
  (tone, safe, keys) => {
    const status = busyStatus(plain);
    const windows = status.cutover.windows.map((window) => ({ ...window, keys }));
    const cutover = { ...status.cutover, windows, verdict: { safe, text: 'as it is' } };
    const { html: markup } = statusPage({ ...status, cutover }, 'live');
    expect(markup).toContain(`<p class="${tone}">as it is</p>`);
  },
);

test('it shows what there is to know', () => {
  const { texts } = read(statusPage(busyStatus(plain), 'whole').html);
  expect(texts['about']).toBe('serving s3://media, up for 7 d 19 h');
  expect(texts['as-of']).toBe('As of 2026-11-20 12:30:00 UTC, bucketfill 0.1.0.');
  expect(texts['windows']).toContain('last 7 days 15,000,000 271,000 1.8 % > 10,000');
  expect(texts['rules']).toContain('rule-5 180 815,000 15,000 14,500 12 file');
  expect(texts['rules']).toContain('rule-1 0 1,123,000 3,000 2,900 0 qingstor');
  expect(texts['origins']).toContain('http://old.example/ open 60 % of 40 calls failed 1,234 – –');
  expect(texts['origins']).toContain(
    'https://media.example.net/library/ closed 239,000 12 ms 1,840 ms',
  );
  expect(texts['totals']).toContain('Spooled on disk 3.0 GiB');
  expect(texts['totals']).toContain('Fills under way 7');
  expect(texts['last-keys']).toContain('img/b.png video MISS 2026-11-20 12:28:59 UTC');
  expect(texts['failures']).toContain('ORIGIN_UNREACHABLE video/a.mp4: http://old.example/');
});

test('a proxy that did nothing yet says so in every part', () => {
  const { texts } = read(statusPage(emptyStatus(), 'whole').html);
  expect(texts['rules']).toBe('no rule');
  expect(texts['origins']).toBe('no origin was asked so far');
  expect(texts['last-keys']).toBe('no key so far');
  expect(texts['failures']).toBe('nothing failed so far');
  expect(texts['windows']).toContain('last hour 0 0 – 0');
  expect(texts['traffic']).toContain('none so far');
});

test('the charts have a bar for each hour that had something, and say so in words', () => {
  const status = emptyStatus();
  const hourMs = Date.UTC(2026, 10, 20, 12);
  const byHour = [
    { hourMs: hourMs - 167 * 3_600_000, requests: 10, neededOrigin: 5 },
    { hourMs, requests: 1_000_000, neededOrigin: 0 },
  ];
  const cutover = { ...status.cutover, byHour };
  const { elements } = read(statusPage({ ...status, cutover }, 'live').html);
  const bars = elements.filter(({ name }) => name === 'rect').map(({ attributes }) => attributes);
  expect(bars).toEqual([
    { x: '0', y: '0', width: '8', height: '100' },
    { x: '0', y: '97', width: '8', height: '3' },
    { x: '1670', y: '0', width: '8', height: '100' },
  ]);
  const labels = elements
    .filter(({ name }) => name === 'svg')
    .map(({ attributes }) => ('aria-label' in attributes ? attributes['aria-label'] : ''));
  expect(labels).toEqual([
    'Requests that needed an origin: 5 in seven days, at most 5 in one hour',
    'All requests: 1,000,010 in seven days, at most 1,000,000 in one hour',
  ]);
});

describe('hostile keys', () => {
  const names = (keys: readonly string[]): string[] =>
    read(statusPage(busyStatus(keys), 'whole').html).elements.map(({ name }) => name);

  test('are text: they add no element and no attribute', () => {
    const harmless = HOSTILE_KEYS.map((_, index) => `k${index}`);
    expect(names(HOSTILE_KEYS)).toEqual(names(harmless));
    const { elements } = read(statusPage(busyStatus(HOSTILE_KEYS), 'whole').html);
    const handlers = elements.flatMap(({ attributes }) =>
      Object.keys(attributes).filter((name) => name.startsWith('on') || name === 'style'),
    );
    expect(handlers).toEqual([]);
  });

  test('are shown whole, with what can’t be seen made visible', () => {
    const { texts } = read(statusPage(busyStatus(HOSTILE_KEYS), 'whole').html);
    expect(texts['last-keys']).toContain('<script>document.title="taken"</script>');
    expect(texts['last-keys']).toContain('${alert(1)}`&amp;&lt;b&gt;');
    expect(texts['last-keys']).toContain('a\\u{202e}gpj.exe');
    expect(texts['failures']).toContain('a\\u{202e}gpj.exe: http://old.example/');
    expect(texts['last-keys']).toContain('x'.repeat(1024));
  });

  test.each([
    ['a\u0000b', 'a\\u{0}b'],
    ['\u2066a\u2069', '\\u{2066}a\\u{2069}'],
    ['\ufeffa\u200b', '\\u{feff}a\\u{200b}'],
    ['a\u00a0b', 'a\\u{a0}b'],
    ['a\nb', 'a\\u{a}b'],
    ['\u{1f468}\u200d\u{1f469}', '\u{1f468}\u200d\u{1f469}'],
    ['\u05e9\u05dc', '\u05e9\u05dc'],
    ['a \u3000b', 'a \u3000b'],
    ['\ud800', '\ufffd'],
  ])('%j is shown as %j', (key, shown) => {
    expect(showText(key)).toBe(shown);
  });
});

test('rules, origins, buckets and messages are text too', () => {
  const bad = '<img src=x onerror=alert(1)>"\'';
  const status = busyStatus(plain);
  const [rule] = status.rules;
  const [origin] = status.origins;
  const { elements } = read(
    statusPage(
      {
        ...status,
        bucket: bad,
        version: bad,
        rules: rule === undefined ? [] : [{ ...rule, rule: bad, source: bad }],
        origins: origin === undefined ? [] : [{ ...origin, origin: bad, reason: bad }],
        cutover: { ...status.cutover, verdict: { safe: false, text: bad } },
        lastFailures: status.lastFailures.map((note) => ({ ...note, message: bad, rule: bad })),
      },
      'whole',
    ).html,
  );
  expect(elements.filter(({ name }) => name === 'img')).toEqual([]);
});

test('the page needs nothing from anywhere, and its policy lets it load nothing else', () => {
  const { html: markup, policy } = statusPage(busyStatus(plain), 'whole');
  const { elements, raw } = read(markup);
  const addresses = elements.flatMap(({ attributes }) =>
    Object.entries(attributes).filter(([name]) => ['src', 'href', 'action'].includes(name)),
  );
  expect(addresses).toEqual([['href', 'data:,']]);
  expect(raw['<style>']).not.toMatch(/url\(|@import/);
  const directives = Object.fromEntries(
    policy.split('; ').map((directive) => {
      const [name = '', ...values] = directive.split(' ');
      return [name, values.join(' ')];
    }),
  );
  const digest = (text = ''): string =>
    `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  expect(directives).toEqual({
    'default-src': "'none'",
    'style-src': digest(raw['<style>']),
    'script-src': digest(raw['<script>']),
    'connect-src': "'self'",
    'img-src': 'data:',
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  });
});

test('the live parts are those of the page, without its style and script', () => {
  const live = statusPage(busyStatus(plain), 'live').html;
  const whole = statusPage(busyStatus(plain), 'whole').html;
  expect(whole).toContain(live);
  expect(live).not.toMatch(/<script|<style/);
  const ids = [...live.matchAll(/id="([^"]+)"[^>]* data-live/g)].map(([, id]) => id);
  expect(ids).toHaveLength(new Set(ids).size);
  expect(ids).toContain('verdict');
});

test('every table says what it is, and names its columns and rows', () => {
  const { elements } = read(statusPage(busyStatus(plain), 'whole').html);
  const count = (name: string): number => elements.filter((one) => one.name === name).length;
  expect(count('table')).toBe(5);
  expect(count('caption')).toBe(5);
  const scopes = elements
    .filter(({ name }) => name === 'th')
    .map(({ attributes }) => ('scope' in attributes ? attributes['scope'] : undefined));
  expect(new Set(scopes)).toEqual(new Set(['col', 'row']));
  expect(count('h1')).toBe(1);
});

test('in a template only markup stays markup', () => {
  const markup = html`<b title="${'"<&>\''}">${[html`<i>${1}</i>`, html`${'<i>'}`]}</b>`;
  expect(markup.text).toBe('<b title="&quot;&lt;&amp;&gt;&#39;"><i>1</i>&lt;i&gt;</b>');
});
