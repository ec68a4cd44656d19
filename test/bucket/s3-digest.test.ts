import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { crc32c } from '../../src/s3/crc32c.ts';
import { slicedDigests } from '../../src/s3/sliced-digests.ts';
import { partDigestHeader, setDigest } from '../../src/bucket/s3-digest.ts';
import { hidesMd5, judgeEtag, quotedEtag } from '../../src/bucket/s3-etag.ts';

const DIGITS = Buffer.from('123456789');
const MD5 = createHash('md5').update(DIGITS).digest();
const HEX = MD5.toString('hex');

describe('digests of what is sent', () => {
  it('has the check value of CRC-32C, and the ones of RFC 3720', () => {
    expect(crc32c(DIGITS)).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  });

  it.each(['md5', 'sha256'] as const)('hashes bytes by slices to the %s of all', async (name) => {
    const bytes = Buffer.alloc(900_001, 'pattern');
    expect(await slicedDigests([name], bytes)).toEqual([createHash(name).update(bytes).digest()]);
    expect(await slicedDigests([name], new Uint8Array(0))).toEqual([createHash(name).digest()]);
  });

  it('gives other work its turn while it hashes what is long', async () => {
    const done: string[] = [];
    const hashed = slicedDigests(['sha256'], Buffer.alloc(2_000_000)).then(() => done.push('hash'));
    setImmediate(() => done.push('other work'));
    await hashed;
    expect(done).toEqual(['other work', 'hash']);
  });

  it.each([
    ['auto', { 'content-md5': MD5.toString('base64') }],
    ['md5', { 'content-md5': MD5.toString('base64') }],
    ['crc32', { 'x-amz-checksum-crc32': 'y/Q5Jg==' }],
    ['crc32c', { 'x-amz-checksum-crc32c': '4waSgw==' }],
    ['sha256', { 'x-amz-checksum-sha256': 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=' }],
    ['none', {}],
  ] as const)('sends for %s what a store verifies', (algorithm, headers) => {
    const sent: Record<string, string> = {};
    setDigest(sent, algorithm, DIGITS, HEX);
    expect(sent).toEqual(headers);
  });

  it('sends parts with Content-MD5, or with nothing', () => {
    expect(partDigestHeader('sha256', MD5)).toEqual({ 'content-md5': MD5.toString('base64') });
    expect(partDigestHeader('none', MD5)).toEqual({});
  });
});

describe('what an ETag says', () => {
  const other = '0'.repeat(32);
  it.each([
    [`"${HEX}"`, HEX, false, 'same'],
    [HEX.toUpperCase(), HEX, false, 'same'],
    [`"${HEX}"`, HEX, true, 'same'],
    [`"${other}"`, HEX, false, 'other'],
    [`"${other}"`, HEX, true, 'opaque'],
    [`"${other}-1"`, HEX, false, 'opaque'],
    ['"anything"', HEX, false, 'opaque'],
    [`W/"${HEX}"`, HEX, false, 'same'],
    [`w/${HEX}"`, HEX, false, 'same'],
    ['""', HEX, false, 'absent'],
    ['"', HEX, false, 'absent'],
    ['W/"', HEX, false, 'absent'],
    [undefined, HEX, false, 'absent'],
    [`"${other}-2"`, `${HEX}-2`, false, 'other'],
    [`"${HEX}-2"`, `${HEX}-2`, false, 'same'],
    [`"${HEX}"`, `${HEX}-2`, false, 'opaque'],
  ] as const)('%j where %s was sent, hidden %s: %s', (etag, expected, hidden, verdict) => {
    expect(judgeEtag(etag, expected, hidden)).toBe(verdict);
  });

  it('is nothing about the bytes where KMS or a key of the customer encrypts them', () => {
    expect(hidesMd5({})).toBe(false);
    expect(hidesMd5({ 'x-amz-server-side-encryption': 'AES256' })).toBe(false);
    expect(hidesMd5({ 'x-amz-server-side-encryption': 'aws:kms' })).toBe(true);
    expect(hidesMd5({ 'x-amz-server-side-encryption': 'aws:kms:dsse' })).toBe(true);
    expect(hidesMd5({ 'x-amz-server-side-encryption-customer-algorithm': 'AES256' })).toBe(true);
  });

  it('gets the quotes that a store left out', () => {
    expect(quotedEtag('abc')).toBe('"abc"');
    expect(quotedEtag('"abc"')).toBe('"abc"');
    expect(quotedEtag('""')).toBeUndefined();
    expect(quotedEtag('')).toBeUndefined();
  });
});
