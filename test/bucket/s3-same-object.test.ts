import { describe, expect, it } from 'vitest';

import { isSameObject } from '../../src/bucket/s3-same-object.ts';
import { objectKey } from '../../src/model/object-key.ts';

const MD5 = 'a'.repeat(32);
const SENT = { sizeBytes: 5, etag: MD5, metadata: { headers: {}, metadata: { From: 'x' } } };
const SAME = `"${MD5}"`;
const OTHER = `"${'b'.repeat(32)}"`;

describe('whether a HEAD shows what was sent', () => {
  it.each([
    ['size and MD5 agree', 5, SAME, false, {}, true, true],
    ['the size differs', 6, SAME, false, {}, false, false],
    ['the MD5 is another', 5, OTHER, false, { from: 'x' }, false, false],
    ['the ETag says nothing', 5, '"v1"', false, {}, true, false],
    ['the ETag says nothing, and the size differs', 6, '"v1"', false, { from: 'x' }, false, false],
    ['the ETag is hidden, but the metadata agrees', 5, OTHER, true, { from: 'x' }, true, true],
    ['the ETag is hidden, and the metadata differs', 5, OTHER, true, { from: 'y' }, true, false],
    ['the metadata has more', 5, '', false, { from: 'x', by: 'z' }, true, false],
  ])('where %s', (_, size, etag, hidesMd5, metadata, own, anybody) => {
    const object = { key: objectKey('k'), size, etag, lastModifiedMs: 0, headers: {}, metadata };
    expect(isSameObject({ object, hidesMd5 }, SENT, 'own')).toBe(own);
    expect(isSameObject({ object, hidesMd5 }, SENT, 'anybody')).toBe(anybody);
  });
});
