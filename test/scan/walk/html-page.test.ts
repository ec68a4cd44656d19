import fc from 'fast-check';
import { Parser } from 'htmlparser2';
import { describe, expect, it } from 'vitest';
import { htmlPage } from '../../../src/scan/walk/html-page.ts';
import { plainLink } from '../../../src/scan/walk/plain-link.ts';
import { pageText } from '../../../src/scan/walk/page-text.ts';
import type { PageLink } from '../../../src/scan/walk/page-link.ts';

function linksOf(page: Buffer, cuts: readonly number[]): PageLink[] {
  const links: PageLink[] = [];
  const reader = htmlPage(undefined, (link) => links.push(link));
  let at = 0;
  for (const cut of cuts) {
    reader.write(page.subarray(at, at + cut));
    at += cut;
  }
  reader.write(page.subarray(at));
  reader.end();
  return links;
}

/** What an HTML parser alone finds. */
function hrefsOf(page: string): string[] {
  const hrefs: string[] = [];
  const parser = new Parser({
    onopentag: (name, { href }) => {
      if (name === 'a' && href !== undefined) hrefs.push(href);
    },
  });
  parser.end(page);
  return hrefs;
}

const NAME = fc.stringMatching(/^[a-z0-9%.&;"<>é/ -]{0,6}$/);
const LINE = fc.oneof(
  { weight: 6, arbitrary: NAME.map((name) => `<a href="${name}">${name}</a>`) },
  { weight: 6, arbitrary: fc.constantFrom('<a href="b.txt">b.txt</a>', '  <a href="d/">d/</a>') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '<!--',
      '-->',
      '<script>',
      '</script>',
      '<pre>',
      '<a',
      'x="',
      '">',
      '</a>',
      '<title>',
      '</title>',
      '<textarea>',
      '<A HREF=q>q</A>',
      '<a href="x"><b>x</b></a>',
      '<a title="t" href="y">y</a>',
      '<a href="one">1</a> <a href="two">2</a>',
      'plain text',
    ),
  },
);
const BEHIND = fc.constantFrom(
  '',
  '\r',
  '   21-Nov-2026 18:01    1234',
  ' 21-Nov-2026 18:01 -\r',
  ' 21-Nov-2026 18:01 12345678901234567\r',
  ' 21-Nov-2026 18:01 5 6',
  ' 21-Nov-2026 18:011234',
  ' 22-Nov-2026 18:01 7 ',
  '\t21-Nov-2026 18:01 7',
);
const PAGE = fc
  .array(fc.tuple(LINE, BEHIND), { maxLength: 30 })
  .map((lines) => lines.map((parts) => parts.join('')).join('\n'));

describe('a page', () => {
  it('has the links that an HTML parser finds, whatever its lines look like', () => {
    fc.assert(
      fc.property(PAGE, fc.array(fc.nat(60), { maxLength: 8 }), (page, cuts) => {
        const links = linksOf(Buffer.from(page), cuts);
        expect(links.map((link) => ('href' in link ? link.href : link.kind))).toEqual(
          hrefsOf(page),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('tells of a link what stands behind it, as it does where the link stands alone', () => {
    fc.assert(
      fc.property(fc.array(BEHIND, { minLength: 2, maxLength: 12 }), (behind) => {
        const line = (text: string): string => `<a href="k">k</a>${text}\n`;
        const together = linksOf(Buffer.from(behind.map(line).join('')), []);
        const alone = behind.flatMap((text) => linksOf(Buffer.from(line(text)), []));
        expect(together).toEqual(alone);
      }),
    );
  });
});

const LINES: readonly [line: string, href: string | undefined][] = [
  ['<a href="a.txt">a.txt</a>   5', 'a.txt'],
  ['   <a href="a%20b/"></a>', 'a%20b/'],
  ['<a href="a&amp;b">a</a>', undefined],
  ['<a href="a>b">a</a>', undefined],
  ['<a href="a<b">a</a>', undefined],
  ['<a href="a" >a</a>', undefined],
  ['<a href="a">a<b></b></a>', undefined],
  ['<a href="a">a</a> <br>', undefined],
  ['<a href="a">a</A>', undefined],
  ['<a href="a">a', undefined],
  ['<a href="a', undefined],
  ['\t<a href="a">a</a>', undefined],
  ['', undefined],
];

it.each(LINES)('a line is a plain link or none: %s', (line, href) => {
  const before = 'before\n';
  const text = `${before}${line}\n<a href="after">"after"</a>\n`;
  const end = before.length + line.length;
  const found = plainLink(text, before.length, end);
  expect(found?.href).toBe(href);
  if (found !== undefined) expect(text.slice(found.behind, end)).toBe(line.split('</a>')[1]);
});

it('text is the same with and without a decoder, however its bytes are cut', () => {
  const charset = fc.constantFrom(undefined, 'utf-8', 'ISO-8859-1', 'utf-16le', 'shift_jis', 'no');
  const bytes = fc.oneof(
    fc.uint8Array({ max: 127, maxLength: 20 }),
    fc.uint8Array({ maxLength: 6 }),
    fc.constant(Uint8Array.from([0xef, 0xbb, 0xbf])),
    fc.string({ unit: 'grapheme', maxLength: 5 }).map((text) => new TextEncoder().encode(text)),
  );
  fc.assert(
    fc.property(charset, fc.array(bytes, { maxLength: 6 }), (name, chunks) => {
      const text = pageText(name);
      const read = [...chunks.map((chunk) => text(chunk)), text(undefined)].join('');
      const decoder = new TextDecoder(name === 'no' ? 'utf-8' : name);
      const decoded = chunks.map((chunk) => decoder.decode(chunk, { stream: true }));
      expect(read).toBe([...decoded, decoder.decode()].join(''));
    }),
  );
});
