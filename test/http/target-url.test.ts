import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { shownUrl, targetUrl, targetUrls } from '../../src/http/target-url.ts';

describe('a URL', () => {
  it.each([
    ['http://a.example', '/'],
    ['http://a.example/', '/'],
    ['http://a.example?q=1', '/?q=1'],
    ['http://a.example/a//b/', '/a//b/'],
    ['http://a.example/../a/./b/..', '/../a/./b/..'],
    ['http://a.example/%2e%2e/x', '/%2e%2e/x'],
    ['http://a.example/a%2Fb%252Fc%', '/a%2Fb%252Fc%'],
    ["http://a.example/!'()*;@:&=+$,[]", "/!'()*;@:&=+$,[]"],
    ['http://a.example/a?b=c?d/..', '/a?b=c?d/..'],
    ['http://a.example/a#fragment', '/a'],
    ['http://a.example/a?b#f?g', '/a?b'],
    ['http://a.example/a b\t', '/a%20b%09'],
    ['http://a.example/ü/日/😀', '/%C3%BC/%E6%97%A5/%F0%9F%98%80'],
    ['http://a.example/a\\..\\b', '/a%5C..%5Cb'],
  ])('%s asks for %s', (raw, path) => {
    expect(targetUrl(raw)?.path).toBe(path);
  });

  it.each([
    ['HTTP://A.Example:80/x', 'http://a.example', 'a.example', 80],
    ['https://a.example:443/', 'https://a.example', 'a.example', 443],
    ['https://a.example:8443/', 'https://a.example:8443', 'a.example', 8443],
    ['http://[2001:DB8::1]:8080/', 'http://[2001:db8::1]:8080', '2001:db8::1', 8080],
    ['http://bücher.example/', 'http://xn--bcher-kva.example', 'xn--bcher-kva.example', 80],
    ['http://user:pass@a.example/', 'http://a.example', 'a.example', 80],
    ['http://0x7f.1/', 'http://127.0.0.1', '127.0.0.1', 80],
  ])('%s is of the site %s', (raw, site, hostname, port) => {
    expect(targetUrl(raw)).toMatchObject({ site, hostname, port });
  });

  it.each([
    '',
    '/a',
    'a.example/x',
    'ftp://a.example/',
    'http:/a.example',
    'http:///a.example/x',
    'http://',
    'http://a.example:99999/',
    'http://a b/',
    'http://a\n.example/',
    'http://\\a.example/',
    'http://a.example/\ud800',
  ])('%j is none', (raw) => {
    expect(targetUrl(raw)).toBeUndefined();
  });

  it('never has another host than the one that WHATWG reads', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z@:/\\?#.%[\]0-9]{1,12}$/),
        fc.stringMatching(/^[a-z@:/\\?#.]{0,8}$/),
        (authority, rest) => {
          const raw = `http://${authority}${rest}`;
          const ours = targetUrl(raw);
          if (ours !== undefined) expect(ours.authority).toBe(new URL(raw).host);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('turns its userinfo into Basic authorization and never shows it, nor the query', () => {
    const target = targetUrl('https://us%40er:p%C3%A4ss@a.example/x?token=secret');
    expect(target?.authorization).toBe(`Basic ${Buffer.from('us@er:päss').toString('base64')}`);
    expect(target && shownUrl(target)).toBe('https://a.example/x');
  });
});

describe('one URL after the other', () => {
  const origins = [
    'http://a.example',
    'http://a.example:8080',
    'http://a.example.org',
    'HTTPS://u:p@A.example',
    'ftp://a.example',
    'http://',
  ];
  const paths = fc.oneof(
    fc.constantFrom('', '/', '/a/b.jpg', '?q', '/a?b=c', '/a#f', ':80/x', '@b/x', '/a b', '/\\x'),
    fc.string({ unit: 'binary' }).map((text) => `/${text}`),
  );

  it('is taken apart as if it were the only one', () => {
    const urls = fc.tuple(fc.constantFrom(...origins), paths).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(urls, { maxLength: 12 }), (all) => {
        const target = targetUrls();
        expect(all.map(target)).toEqual(all.map(targetUrl));
      }),
    );
  });
});
