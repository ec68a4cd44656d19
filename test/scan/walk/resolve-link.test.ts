import { describe, expect, it } from 'vitest';
import { resolveLink } from '../../../src/scan/walk/resolve-link.ts';

/** The page http://h.example/base/a b/, where /base/ is walked. */
const PAGE = { site: 'http://h.example', folder: ['base', 'a b'], base: 1 };

function told(link: string): string {
  const target = resolveLink(link, PAGE);
  return target.kind === 'passed' ? target.reason : `${target.kind} ${target.name}`;
}

describe('what is one level below the page', () => {
  it.each([
    ['plain.txt', 'object plain.txt'],
    ['dir/', 'place dir'],
    ['./dir/', 'place dir'],
    ['./co:lon.txt', 'object co:lon.txt'],
    ['a%252Fb', 'object a%2Fb'],
    ['caf%c3%a9', 'object café'],
    ['cafe%CC%81', 'object cafe\u0301'],
    ['plus+', 'object plus+'],
    ['%20lead', 'object  lead'],
    ['new%0Aline', 'object new\nline'],
    ['q%3Fmark', 'object q?mark'],
    ['ha%23sh', 'object ha#sh'],
    ['back%5Cslash', 'object back\\slash'],
    ['...', 'object ...'],
    ['..hidden', 'object ..hidden'],
    ['  padded.txt\n', 'object padded.txt'],
    ['/base/a%20b/x', 'object x'],
    ['/base/a b/x/', 'place x'],
    ['http://h.example/base/a%20b/x', 'object x'],
    ['HTTP://H.EXAMPLE:80/base/a%20b/x', 'object x'],
    ['//h.example/base/a%20b/x', 'object x'],
    ['../a%20b/x', 'object x'],
  ])('%j is %s', (link, expected) => {
    expect(told(link)).toBe(expected);
  });
});

describe('what is passed over, and why', () => {
  it.each([
    ['', 'loop'],
    ['#top', 'loop'],
    ['.', 'loop'],
    ['./', 'loop'],
    ['../', 'loop'],
    ['..', 'loop'],
    ['/base/', 'loop'],
    ['http://h.example/base/a%20b/', 'loop'],
    ['/', 'outside'],
    ['../../', 'outside'],
    ['../../../../', 'outside'],
    ['/elsewhere/x', 'outside'],
    ['/based/x', 'outside'],
    ['../c/x', 'elsewhere'],
    ['/base/x', 'elsewhere'],
    ['x/y', 'deeper'],
    ['x/y/', 'deeper'],
    ['http://other.example/base/a%20b/x', 'other-site'],
    ['https://h.example/base/a%20b/x', 'other-site'],
    ['http://h.example:8080/base/a%20b/x', 'other-site'],
    ['//other.example/x', 'other-site'],
    ['mailto:a@h.example', 'other-site'],
    ['javascript:void(0)', 'other-site'],
    ['?C=N;O=D', 'query'],
    ['z.txt?v=1', 'query'],
    ['x#y', 'fragment'],
    ['p%2Fq.txt', 'encoded-slash'],
    ['p%2fq/', 'encoded-slash'],
    ['x//y.txt', 'double-slash'],
    ['x//', 'double-slash'],
    ['.//x', 'double-slash'],
    ['/base/a%20b//x', 'double-slash'],
    ['x/../y', 'dot-segment'],
    ['x/./y', 'dot-segment'],
    ['%2e%2E/x', 'dot-segment'],
    ['/base/a%20b/../x', 'dot-segment'],
    ['100%', 'bad-escape'],
    ['a%zzb', 'bad-escape'],
    ['nul%00', 'bad-escape'],
    ['raw\\backslash', 'bad-escape'],
    ['bad%FF.txt', 'not-utf8'],
    ['half%ED%B3%BF', 'not-utf8'],
    ['unreadable\ufffd', 'not-utf8'],
  ])('%j: %s', (link, expected) => {
    expect(told(link)).toBe(expected);
  });
});
