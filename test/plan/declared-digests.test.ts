import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { declaredDigests } from '../../src/plan/declared-digests.ts';

const digest = (algorithm: string, encoding: 'base64' | 'hex' = 'base64'): string =>
  createHash(algorithm).update('body').digest(encoding);
const [md5, sha1, sha256, sha512] = ['md5', 'sha1', 'sha256', 'sha512'].map((name) => digest(name));

test.each([
  ['Content-MD5', { 'content-md5': md5 }, [['md5', md5]]],
  ['Content-MD5 in hex', { 'content-md5': digest('md5', 'hex') }, [['md5', md5]]],
  [
    'Digest with several',
    { digest: `SHA-256=${sha256 ?? ''},MD5=${md5 ?? ''}, sha=${sha1 ?? ''}` },
    [
      ['sha256', sha256],
      ['md5', md5],
      ['sha1', sha1],
    ],
  ],
  [
    'Repr-Digest',
    { 'repr-digest': `sha-512=:${sha512 ?? ''}:, sha-256=:${sha256 ?? ''}:` },
    [
      ['sha512', sha512],
      ['sha256', sha256],
    ],
  ],
  ['Content-Digest', { 'content-digest': `sha-256=:${sha256 ?? ''}:` }, [['sha256', sha256]]],
  ['x-goog-hash', { 'x-goog-hash': `crc32c=AAAAAA==, md5=${md5 ?? ''}` }, [['md5', md5]]],
  ['an S3 checksum', { 'x-amz-checksum-sha256': sha256 }, [['sha256', sha256]]],
  ['an S3 checksum of checksums', { 'x-amz-checksum-sha256': `${sha256 ?? ''}-3` }, []],
  ['an unknown algorithm', { digest: 'blake3=xyz', 'repr-digest': 'unixsum=:AA==:' }, []],
  ['nothing', { etag: '"x"', 'content-md5': ' ' }, []],
])('%s', (_name, headers, expected) => {
  const found = declaredDigests(headers as Record<string, string>);
  expect(found.map((one) => ('text' in one ? one : [one.algorithm, one.value]))).toEqual(expected);
});

test.each([
  [{ 'content-md5': 'nonsense' }],
  [{ digest: `sha-256=${md5 ?? ''}` }],
  [{ 'repr-digest': 'sha-256=:@:' }],
])('what names a known algorithm and is no digest of it is told apart: %j', (headers) => {
  expect(declaredDigests(headers)).toEqual([
    expect.objectContaining({ text: expect.any(String) as string }),
  ]);
});

test('hex and base64 of the same bytes are the same digest', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const hex = Buffer.from(bytes).toString('hex');
      const base64 = Buffer.from(bytes).toString('base64');
      expect(declaredDigests({ digest: `sha-256=${hex}` })).toEqual([
        { algorithm: 'sha256', value: base64, by: 'digest' },
      ]);
    }),
  );
});
