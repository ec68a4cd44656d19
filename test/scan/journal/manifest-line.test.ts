import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manifestLine } from '../../../src/scan/journal/manifest-line.ts';
import { objectKey } from '../../../src/model/object-key.ts';

const parsed = (text: string): unknown => JSON.parse(text);

describe('a line of a manifest', () => {
  it.each([
    'plain/key.bin',
    'a "quoted" name',
    'back\\slash',
    'tab\tand\u0001',
    'käse/🧀',
    '\u007f',
  ])('holds the key %j as JSON writes it', (text) => {
    const line = manifestLine({ key: objectKey(text), rule: 'all', originKey: `${text}.old` });
    expect(line).toBe(`${JSON.stringify({ key: text, rule: 'all', originKey: `${text}.old` })}\n`);
  });

  it('is JSON of one line whatever its key, its origin key and its ETag hold', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(text, text, text, fc.nat(), (name, originKey, etag, size) => {
        fc.pre(!name.includes('\0'));
        const key = objectKey(name);
        const line = manifestLine({ key, rule: 'all', originKey, etag, size });
        expect(line.indexOf('\n')).toBe(line.length - 1);
        const same = originKey === name ? {} : { originKey };
        expect(parsed(line)).toEqual({ key, size, etag, rule: 'all', ...same });
      }),
    );
  });

  it.each([
    [0, 'lastModified', '2026-11-22T03:31:05.000Z'],
    [60_000, 'lastModifiedAbout', '2026-11-22T03:31Z'],
  ])('gives a date that is exact to %d ms as %s', (resolutionMs, name, text) => {
    const lastModifiedMs = Date.UTC(2026, 10, 22, 3, 31, 5);
    const line = manifestLine({
      key: objectKey('a'),
      rule: 'all',
      originKey: 'a',
      size: 7,
      lastModifiedMs,
      resolutionMs,
      racy: true,
    });
    expect(parsed(line)).toEqual({ key: 'a', size: 7, [name]: text, racy: true, rule: 'all' });
  });
});
