import { describe, expect, it } from 'vitest';
import { NoIndex, type PageLink } from '../../../src/scan/walk/page-link.ts';
import { readPage } from '../../../src/scan/walk/read-page.ts';

/** Reads a page that comes in pieces of `step` bytes. */
function read(type: string, page: string | Buffer, step: number): PageLink[] {
  const links: PageLink[] = [];
  const bytes = Buffer.from(page);
  const reader = readPage(type, (link) => links.push(link));
  for (let at = 0; at < bytes.length; at += step) reader?.write(bytes.subarray(at, at + step));
  reader?.end();
  return links;
}

function hrefs(page: string): string[] {
  return read('text/html', page, 7).map((link) => ('href' in link ? link.href : link.kind));
}

const MINUTE = { lastModifiedMs: Date.UTC(2026, 10, 21, 18, 1), resolutionMs: 60_000 };
const SECOND = { lastModifiedMs: Date.UTC(2026, 10, 21, 18, 1, 24), resolutionMs: 1000 };

describe.each([1, 7, 100_000])('pages that come in pieces of %i bytes', (step) => {
  it('nginx: names from the href, exact sizes, dates to the minute', () => {
    const page = `<html>\r\n<body>\r\n<h1>Index of /</h1><hr><pre><a href="../">../</a>\r
<a href="dir/">dir/</a>                     21-Nov-2026 18:01                   -\r
<a href="long%20name.txt">long na..&gt;</a> 21-Nov-2026 18:01                  12\r
<a href="new%0Aline">new\nline</a>          21-Nov-2026 18:01                   7\r
<a href="b.txt">b.txt</a>                   21-Nov-2026 18:01                1234\r
<a href="c.txt">c.txt</a>                   21-Nov-2026 18:01                  2M\r
</pre><hr></body>\r\n</html>\r\n`;
    expect(read('text/html', page, step)).toEqual([
      { kind: 'href', href: '../', facts: {} },
      { kind: 'href', href: 'dir/', facts: MINUTE },
      { kind: 'href', href: 'long%20name.txt', facts: { size: 12, ...MINUTE } },
      { kind: 'href', href: 'new%0Aline', facts: { size: 7, ...MINUTE } },
      { kind: 'href', href: 'b.txt', facts: { size: 1234, ...MINUTE } },
      { kind: 'href', href: 'c.txt', facts: MINUTE },
    ]);
  });

  it('Apache, fancy: sizes without a unit are exact, dates are local and left out', () => {
    const page = `<pre>      <a href="?C=N;O=D">Name</a>  <a href="?C=S;O=A">Size</a><hr>      <a href="am&amp;p">am&amp;p</a>     2026-11-21 18:01   12   
      <a href="big">big</a>        2026-11-21 18:01  1.2K  
      <a href="dir/">dir/</a>       2026-11-21 18:01    -   
<hr></pre></body></html>`;
    expect(read('text/html;charset=ISO-8859-1', page, step)).toEqual([
      { kind: 'href', href: '?C=N;O=D', facts: {} },
      { kind: 'href', href: '?C=S;O=A', facts: {} },
      { kind: 'href', href: 'am&p', facts: { size: 12 } },
      { kind: 'href', href: 'big', facts: {} },
      { kind: 'href', href: 'dir/', facts: {} },
    ]);
  });

  it('nginx, JSON: an entry that is not UTF-8 spoils no other', () => {
    const page = Buffer.concat([
      Buffer.from(`[
{ "name":"d", "type":"directory", "mtime":"Sat, 21 Nov 2026 18:01:24 GMT" },
{ "name":"a \\"}]{[ \\\\", "type":"file", "mtime":"Sat, 21 Nov 2026 18:01:24 GMT", "size":5 },
{ "name":"bad`),
      Buffer.from([0xff]),
      Buffer.from(`", "type":"file", "size":1 },
{ "name":"sock", "type":"other" }
]`),
    ]);
    expect(read('application/json', page, step)).toMatchObject([
      { kind: 'name', name: 'd', isFolder: true, facts: {} },
      { kind: 'name', name: 'a "}]{[ \\', isFolder: false, facts: { size: 5, ...SECOND } },
      { kind: 'passed', reason: 'not-utf8' },
      { kind: 'passed', reason: 'special', text: 'sock' },
    ]);
  });

  it('Caddy, JSON: the URL counts, and nothing is taken from a symbolic link', () => {
    const date = '2026-11-21T18:01:24.893749659Z';
    const page = JSON.stringify([
      { name: 'd/', size: 4096, url: './d/', mod_time: date, is_dir: true, is_symlink: false },
      { name: 'f\ufffd', size: 5, url: './f%FF', mod_time: date, is_dir: false, is_symlink: false },
      { name: 'l', size: 9, url: './l', mod_time: date, is_dir: false, is_symlink: true },
    ]);
    const lastModifiedMs = Date.UTC(2026, 10, 21, 18, 1, 24, 893);
    expect(read('application/json; charset=utf-8', page, step)).toEqual([
      { kind: 'href', href: './d/', facts: {} },
      { kind: 'href', href: './f%FF', facts: { size: 5, lastModifiedMs, resolutionMs: 1 } },
      { kind: 'href', href: './l', facts: {} },
    ]);
  });

  it('nginx, XML: names byte for byte', () => {
    const page = Buffer.concat([
      Buffer.from(`<?xml version="1.0"?>\r\n<list>\r
<directory mtime="2026-11-21T18:01:24Z">d</directory>\r
<file mtime="2026-11-21T18:01:24Z" size="7"> l&lt;t &amp;amp; \ufffdé\n</file>\r
<file mtime="2026-11-21T18:01:24Z" size="1">bad`),
      Buffer.from([0xff]),
      Buffer.from('</file>\r\n<other mtime="2026-11-21T18:01:24Z">sock</other>\r\n</list>\r\n'),
    ]);
    expect(read('text/xml; charset=utf-8', page, step)).toMatchObject([
      { kind: 'name', name: 'd', isFolder: true, facts: {} },
      {
        kind: 'name',
        name: ' l<t &amp; \ufffdé\n',
        isFolder: false,
        facts: { size: 7, ...SECOND },
      },
      { kind: 'passed', reason: 'not-utf8' },
      { kind: 'passed', reason: 'special', text: 'sock' },
    ]);
  });
});

describe('HTML that is no plain list', () => {
  it('anchors without href are no links, and an empty href is one', () => {
    expect(hrefs('<a name="x">n</a><a href="">e</a><a\nhref=u>u</a><A HREF=\'q\'>q</A>')).toEqual([
      '',
      'u',
      'q',
    ]);
  });

  it('links in comments and scripts are none, however plain their lines look', () => {
    const line = '<a href="x">x</a>\n';
    const page = `<pre>\n<a href="1">1</a>\n<a href="2">2</a>\n<!--\n${line}${line}-->
<a href="3">3</a>\n<a href="4">4</a> <!--\n${line}${line}--><script>\n${line}${line}</script>\n<a href="5">5</a>\n`;
    expect(hrefs(page)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('a line without an end is read as it comes', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `<a href="f${index}">f</a>`).join('');
    expect(hrefs(many)).toHaveLength(20_000);
  });
});

describe('what is no index', () => {
  it.each([
    ['application/json', '{"error":"no"}', 'it is no JSON list of entries'],
    ['application/json', '[{"name":"a","type":"file"}', 'it is cut: the JSON list has no end'],
    ['application/json', '[1]', 'it is no JSON list of entries'],
    ['application/json', '[{"id":1}]', 'it holds an entry without a name'],
    [
      'application/json',
      '[{"name":"a"}]',
      'its entries are neither those of nginx nor those of Caddy',
    ],
    ['application/json', '[{name:1}]', 'it is not JSON'],
    ['text/xml', '<list><file size="1">a</file>', 'it is cut: its XML has no end'],
    ['text/xml', '<urlset></urlset>', 'it is XML, but no index of nginx: <urlset>'],
    ['text/xml', '', 'it is no XML'],
  ])('%s %s', (type, page, message) => {
    expect(() => read(type, page, 3)).toThrow(new NoIndex(message));
  });

  it('other types are none at all', () => {
    const page = readPage('application/octet-stream', () => undefined);
    expect(page).toBe(undefined);
    expect(readPage(undefined, () => undefined)).toBe(undefined);
  });
});
