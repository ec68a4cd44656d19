import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { headerText } from '../../src/plan/header-text.ts';
import { textProblem } from '../../src/s3/encoded-words.ts';
import {
  fieldHeader,
  fieldText,
  metadataHeader,
  metadataText,
  withoutWords,
} from '../../src/s3/metadata-text.ts';

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

const ANY_TEXT = fc
  .string({
    unit: fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constantFrom('=?', '?=', '=?UTF-8?B?w6Q=?=', '"', '; ', '=', ',', ' ', '\t', 'ä', 'x'),
    ),
  })
  .filter((text) => textProblem(text) === undefined);

const PRINTABLE = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'grapheme-ascii', minLength: 1 }),
    fc.constantFrom('=?UTF-8?B?w6Q=?=', '=?utf-8?q?=C3=A4?=', '=?', '?=', '" ', ';'),
  ),
});

describe('a header that S3 has a field for', () => {
  it.each([
    ['attachment; filename="=?UTF-8?Q?Gr=C3=B6=C3=9Fe?="'],
    ['=?UTF-8?Q?Gr=C3=B6=C3=9Fe?='],
    ['=?utf-8?q?plain?='],
    ['text/plain;\tcharset=utf-8'],
    [''],
  ])('stands there byte for byte where it is ASCII: %j', (text) => {
    expect(fieldHeader(text)).toBe(text);
    expect(fieldText(text)).toBe(text);
  });

  it.each([
    [
      'attachment; filename="Größe 1.pdf"; size=3',
      'attachment; filename="=?UTF-8?B?R3LDtsOfZSAxLnBkZg==?="; size=3',
    ],
    ['attachment; filename=ä.pdf', 'attachment; filename==?UTF-8?B?w6QucGRm?='],
    ['ä, ö', '=?UTF-8?B?w6Q=?=, =?UTF-8?B?w7Y=?='],
    ['x="=?"; y=ä', '=?UTF-8?B?eD0iPT8iOyB5PcOk?='],
    ['\u00a0', '=?UTF-8?B?wqA=?='],
  ])('%j is sent as %j, and read back', (text, header) => {
    expect(fieldHeader(text)).toBe(header);
    expect(fieldText(header)).toBe(text);
  });

  it('that is not ASCII comes back as it was, from printable ASCII', () => {
    const text = ANY_TEXT.filter((value) => /[^ -~\t]/.test(value));
    fc.assert(
      fc.property(text, (value) => {
        const header = fieldHeader(value);
        expect(header).toMatch(/^[\t -~]*$/);
        expect(header).toBe(header.trim());
        expect(fieldText(header)).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });

  it('goes from store to store without changing a byte, whoever wrote it', () => {
    fc.assert(
      fc.property(PRINTABLE, (value) => {
        expect(fieldHeader(fieldText(value))).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [bytes('Größe'), 'Größe'],
    ['Gr\u00f6\u00dfe', 'Größe'],
    [bytes('=?x ä'), '=?x ä'],
  ])('in raw bytes is read as UTF-8, else as Latin-1: %j', (value, text) => {
    expect(fieldText(value)).toBe(text);
    expect(metadataText(value)).toBe(text);
    expect(headerText(value)).toBe(text);
  });
});

describe('user metadata', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(ANY_TEXT, (value) => {
        expect(metadataText(metadataHeader(value))).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });

  it('of another writer gains no layer from store to store', () => {
    fc.assert(
      fc.property(PRINTABLE, (value) => {
        const once = metadataHeader(metadataText(value));
        expect(metadataText(once)).toBe(metadataText(value));
        expect(metadataHeader(metadataText(once))).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['Größe', '漢字 漢字', '=?utf-8?q?plain?=', 'x', 'ä  =? b'])(
    'comes back from a store that decodes what it is sent: %j',
    (text) => {
      const kept = metadataHeader(text)
        .split(' ')
        .map((word) => /^=\?UTF-8\?B\?(.*)\?=$/.exec(word)?.[1])
        .map((base64, at) => base64 ?? metadataHeader(text).split(' ')[at] ?? '');
      const stored = metadataHeader(text) === text ? text : decoded(kept);
      const shown = /^[ -~]*$/.test(stored) ? stored : quoted(stored);
      expect(metadataText(shown)).toBe(text);
    },
  );
});

const decoded = (words: readonly string[]): string =>
  Buffer.concat(words.map((word) => Buffer.from(word, 'base64'))).toString();

const quoted = (text: string): string =>
  `=?UTF-8?Q?${[...Buffer.from(text)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')}?=`;

describe("an answer's headers without encoded words", () => {
  it('hold the texts as bytes of UTF-8, and leave validators and all else as they came', () => {
    const word = '=?UTF-8?B?w6Q=?=';
    const raw = { etag: `"${word}"`, 'last-modified': word, 'x-other': word, 'x-amz-meta-u': 'ü' };
    const disposition = `attachment; filename="${word}"`;
    const given = withoutWords({
      ...raw,
      'x-amz-meta-a': word,
      'x-amz-meta-plain': 'x',
      'content-disposition': disposition,
    });
    expect(given).toEqual({
      ...raw,
      'x-amz-meta-a': bytes('ä'),
      'x-amz-meta-plain': 'x',
      'content-disposition': `attachment; filename="${bytes('ä')}"`,
    });
  });

  it('give a planner exactly the texts that were stored', () => {
    fc.assert(
      fc.property(ANY_TEXT, (value) => {
        const headers = withoutWords({ 'x-amz-meta-a': metadataHeader(value) });
        expect(headerText(headers['x-amz-meta-a'] ?? '')).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });
});
