import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeWords, encodeWords, textProblem } from '../../src/s3/encoded-words.ts';

describe('texts in headers of S3', () => {
  it.each([
    ['', ''],
    ['text/plain; charset=utf-8', 'text/plain; charset=utf-8'],
    ['attachment; filename="a  b"', 'attachment; filename="a  b"'],
    ['Größe', '=?UTF-8?B?R3LDtsOfZQ==?='],
    [' x', '=?UTF-8?B?IHg=?='],
    ['x\ty', '=?UTF-8?B?eAl5?='],
    ['=?UTF-8?B?eA==?=', '=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?='],
  ])('%j stands there as %j', (text, header) => {
    expect(encodeWords(text)).toBe(header);
    expect(decodeWords(header)).toBe(text);
  });

  it.each([
    ['=?UTF-8?Q?Gr=C3=B6=C3=9Fe_1?=', 'Größe 1'],
    ['=?utf-8?b?w6Q=?= =?utf-8?q?=C3=A4?=', 'ää'],
    ['=?ISO-8859-1?Q?=E4?=', '=?ISO-8859-1?Q?=E4?='],
    ['prefix =?UTF-8?B?w6Q=?=', 'prefix =?UTF-8?B?w6Q=?='],
    ['=?UTF-8?B?w6Q=', '=?UTF-8?B?w6Q='],
    ['=?UTF-8?B?77u/w6Q=?=', '\ufeffä'],
    ['=?utf-8?q?plain?=', '=?utf-8?q?plain?='],
    ['=?UTF-8?B?cGxhaW4=?=', '=?UTF-8?B?cGxhaW4=?='],
    ['=?UTF-8?B?w6Q!=?=', '=?UTF-8?B?w6Q!=?='],
    ['=?UTF-8?B?5A==?=', '=?UTF-8?B?5A==?='],
    ['=?UTF-8?Q?=E4?=', '=?UTF-8?Q?=E4?='],
    ['=?UTF-8?Q?=C3=A4=G?=', '=?UTF-8?Q?=C3=A4=G?='],
    ['=?UTF-8?Q?=C3=A4=0A?=', '=?UTF-8?Q?=C3=A4=0A?='],
  ])('%j of another writer reads as %j', (header, text) => {
    expect(decodeWords(header)).toBe(text);
  });

  it('come back as they were, from printable ASCII in words of at most 75 characters', () => {
    const text = fc
      .string({ unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.constant('=?')) })
      .filter((value) => textProblem(value) === undefined);
    fc.assert(
      fc.property(text, (value) => {
        const header = encodeWords(value);
        expect(header).toMatch(/^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/);
        if (header !== value) {
          for (const word of header.split(' ')) expect(word.length).toBeLessThanOrEqual(75);
        }
        expect(decodeWords(header)).toBe(value);
      }),
      { numRuns: 500 },
    );
  });

  it.each(['a\nb', '\u0000', '\u007f', '\ud800'])('%j is refused', (text) => {
    expect(textProblem(text)).toMatch(/control character|surrogate/);
  });
});
