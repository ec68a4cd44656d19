import { describe, expect, it } from 'vitest';

import { HeadStrings } from '../../src/http/head-strings.ts';
import { responseHead } from '../../src/http/response-head.ts';

const bytes = (...texts: readonly string[]): Buffer[] =>
  texts.map((text) => Buffer.from(text, 'latin1'));

describe('the head of an answer', () => {
  const head = (strings: HeadStrings, ...fields: readonly string[]) =>
    responseHead('GET', 200, bytes(...fields), strings);

  it('is its own, whatever the heads before it on the connection were', () => {
    const strings = new HeadStrings();
    const heads = [
      ['Content-Length', '12', 'ETag', '"a1"', 'X-Long', 'y'.repeat(300)],
      ['content-length', '13', 'ETag', '"b1"', 'X-Long', `${'y'.repeat(299)}z`],
      ['ETag', '"b1"', 'Content-Length', '13'],
      ['Content-Length', '1', 'etag', '"b1"', 'Server', 's', 'Content-Type', ''],
      ['Content-Length', '1', 'Etag', '"b\u00e9"'],
      ['Content-Length', '1', 'A', '1', 'B', '1', 'C', '1', 'A', '2'],
      ['Content-Length', '1', 'A', '3', 'B', '1', 'C', '1', 'A', '4'],
      ['Content-Length', '1', 'C', '3', 'B', '1', 'C', '1', 'A', '4'],
      ['Content-Length', '1', 'C', '3', 'B', '1', 'D', '1', 'A', '5'],
      ['Content-Length', '1', 'A', '3', 'A', '1', 'A', '1', 'A', '4', 'Set-Cookie', 'x'],
    ];
    const read = heads.map((fields) => head(strings, ...fields));
    const alone = heads.map((fields) => head(new HeadStrings(), ...fields));
    expect(read).toEqual(alone);
    expect(read.map(({ length }) => length)).toEqual([12, 13, 13, 1, 1, 1, 1, 1, 1, 1]);
    expect(read.slice(0, 5).map(({ headers }) => headers['etag'])).toEqual([
      '"a1"',
      '"b1"',
      '"b1"',
      '"b1"',
      '"b\u00e9"',
    ]);
  });

  it('joins repeated fields, keeps cookies apart, and knows no inherited ones', () => {
    const fields = ['A', '1', 'a', '2', 'Set-Cookie', 'x', 'set-cookie', 'y', 'constructor', 'c'];
    const { headers, setCookies } = head(new HeadStrings(), ...fields, '__proto__', 'p', 'A', '3');
    expect({ ...headers }).toEqual({ a: '1, 2, 3', constructor: 'c' });
    expect(setCookies).toEqual(['x', 'y']);
  });

  it('remembers no more fields than common heads have, and reads all of them', () => {
    const strings = new HeadStrings();
    const fields = Array.from({ length: 200 }, (_, at) => [`X-${at}`, `v${at}`]).flat();
    for (let times = 0; times < 2; times += 1) {
      const { headers } = head(strings, ...fields);
      expect(Object.keys(headers)).toHaveLength(200);
      expect(headers['x-199']).toBe('v199');
    }
  });
});
