import { createHash } from 'node:crypto';
import { Parser } from 'htmlparser2';
import { describe, expect, test } from 'vitest';
import { reportPage } from '../../src/page/report-page.ts';
import { showText } from '../../src/page/show-text.ts';
import { busyReport, emptyReport } from './sample-report.ts';
import { HOSTILE_KEYS } from './sample-status.ts';

interface Page {
  /** Names of all elements. */
  readonly names: readonly string[];
  /** All attributes, as `element name=value`. */
  readonly attributes: readonly string[];
  /** Everything outside of the style, spaces joined. */
  readonly text: string;
  readonly style: string;
}

function read(markup: string): Page {
  const names: string[] = [];
  const attributes: string[] = [];
  const texts: Record<string, string> = {};
  const open: string[] = [];
  const parser = new Parser({
    onopentag: (name, found) => {
      names.push(name);
      open.push(name);
      for (const [key, value] of Object.entries(found)) attributes.push(`${name} ${key}=${value}`);
    },
    onclosetag: () => open.pop(),
    ontext: (text) => {
      const place = open.at(-1) === 'style' ? 'style' : 'text';
      texts[place] = `${texts[place] ?? ''}${text}${place === 'text' ? ' ' : ''}`;
    },
  });
  parser.end(markup);
  const text = (texts['text'] ?? '').replaceAll(/\s+/g, ' ').replaceAll(' ,', ',');
  return { names, attributes, text, style: texts['style'] ?? '' };
}

const plain = ['video/a.mp4', 'img/b.png'];

describe('the report page', () => {
  test('says what ran, when, and how it went, the verdict first', () => {
    const { text } = read(reportPage(busyReport(plain)));
    expect(text).toContain('rules.migrate.scan, rules rules.yaml, bucket s3://media/');
    const main = text.slice(text.indexOf('How it went'));
    expect(main).toMatch(
      /^How it went complete, but 331 of 1,204,331 keys failed, and 2 pages could not be listed The last run \(migrate\) began 2026-11-20 10:30:00 UTC and ended 2026-11-20 12:29:59 UTC, after 1 h 59 min\. 4,000 outcomes are of earlier runs/,
    );
  });

  test.each([
    'copied 1,100,000 91.3 %',
    'failed 331 < 0.1 %',
    'deleted 7 < 0.1 %',
    'Bytes stored 391 GiB',
    'Carried from earlier runs 4,000',
    'a bar is 1 minute',
    'Origin trouble 330'.toLowerCase(),
    'see to it, then retry.',
    'ORIGIN_STATUS 300, the first 2 of them here',
    'video/a.mp4 503 3 https://origin-0.example/media/ 4f2c9a1b7d0-FRA GET',
    'https://origin-0.example/media/ 900 ms 1 min 400,000 130 GiB 0 0 %',
    'The last 1 % of the objects took 18 min of 1 h 59 min (15.3 % of the time).',
    'video/a.mp4 9 min 4.7 GiB copied https://origin-0.example/',
    'exists 103,000',
    '2 pages could not be listed.',
    'query 60,000',
    'As of 2026-11-20 12:30:00 UTC, bucketfill 0.1.0.',
  ])('shows %j', (shown) => {
    expect(read(reportPage(busyReport(plain))).text).toContain(shown);
  });

  test('of nothing says so instead of showing nothing', () => {
    const { text } = read(reportPage(emptyReport()));
    for (const said of [
      'When it ran is not known.',
      'no outcome of the last run is noted',
      'nothing failed',
      'no outcome names an origin',
      'Too few outcomes to speak of a tail.',
      'nothing was skipped',
    ]) {
      expect(text).toContain(said);
    }
    expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
  });

  test.each([
    [{ ended: null }, true, 'and goes on.'],
    [{ ended: null }, false, 'ended without a word: it was killed.'],
    [{ interrupted: true }, false, 'and was interrupted 2026-11-20 12:29:59 UTC, after'],
  ])('of a run with %j, running: %s, says %j', (change, isRunning, said) => {
    const busy = busyReport(plain);
    const run = busy.run === null ? null : { ...busy.run, ...change };
    expect(read(reportPage({ ...busy, run, isRunning })).text).toContain(said);
  });

  test('without a word from the run takes the times from the outcomes', () => {
    const { text } = read(reportPage({ ...busyReport(plain), run: null }));
    expect(text).toContain(
      'Outcomes were noted from 2026-11-20 10:30:00 UTC to 2026-11-20 12:29:58 UTC',
    );
  });

  test('says when the state has no line for some keys', () => {
    const busy = busyReport(plain);
    const figures = { ...busy.figures, lines: 331 };
    expect(read(reportPage({ ...busy, figures })).text).toContain(
      'The state has a line for 331 of 1,204,331 keys',
    );
    expect(read(reportPage(busy)).text).not.toContain('has a line for');
  });

  test('draws a bar for each span, the highest to the top, failures on it', () => {
    const { attributes } = read(reportPage(busyReport(plain)));
    const { spans } = busyReport(plain).figures.timeline;
    const some = [...spans.map(({ bytes }) => bytes), ...spans.map(({ objects }) => objects)];
    const bars = some.filter((value) => value > 0);
    expect(attributes.filter((one) => one === 'rect class=whole')).toHaveLength(bars.length);
    expect(attributes.filter((one) => one === 'rect class=failed-part')).toHaveLength(8);
    expect(attributes.filter((one) => one === 'rect height=100')).not.toEqual([]);
    expect(attributes.filter((one) => one === 'svg viewbox=0 0 1200 100')).toHaveLength(2);
  });
});

describe('foreign text in the report', () => {
  test('is text, whatever it is', () => {
    const { names, attributes, text } = read(reportPage(busyReport(HOSTILE_KEYS)));
    const harmless = read(reportPage(busyReport(HOSTILE_KEYS.map(() => 'k'))));
    expect(names).toEqual(harmless.names);
    expect(attributes.filter((one) => /^\S+ on[a-z]+=/.test(one))).toEqual([]);
    for (const key of HOSTILE_KEYS) {
      // The parser gives a text in pieces, one for each entity.
      expect(text.replaceAll(' ', '')).toContain(showText(key).replaceAll(/\s/g, ''));
    }
  });

  test('is text in the names of rules, jobs, origins and ids as well', () => {
    const evil = '"><script>x</script>';
    const busy = busyReport([evil]);
    const markup = reportPage({ ...busy, job: evil, rulesFile: evil, bucket: evil, command: evil });
    expect(read(markup).names).not.toContain('script');
  });
});

describe('the report as a file', () => {
  test.each([
    ['nothing', emptyReport()],
    ['hostile keys', busyReport(HOSTILE_KEYS)],
  ])('refers to nothing outside of itself, with %s in it', (_, view) => {
    const { names, attributes, style } = read(reportPage(view));
    expect(names.filter((name) => ['script', 'img', 'iframe', 'a', 'base'].includes(name))).toEqual(
      [],
    );
    const references = attributes.filter((one) => /^\S+ (href|src|style|action|data)=/.test(one));
    expect(references).toEqual(['link href=data:,']);
    expect(style).not.toMatch(/url\(|@import/);
  });

  test('forbids itself everything but its own style', () => {
    const { attributes, style } = read(reportPage(busyReport(plain)));
    const digest = createHash('sha256').update(style).digest('base64');
    expect(attributes).toContain(
      `meta content=default-src 'none'; style-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'none'`,
    );
    expect(attributes).toContain('meta http-equiv=Content-Security-Policy');
  });
});
