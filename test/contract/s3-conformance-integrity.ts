import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { answers, given, md5, type ConformanceCheck } from './s3-conformance-check.ts';
import type { ConformanceClient, RawAnswer } from './s3-conformance-client.ts';

const OTHER_SHA256 = createHash('sha256').update('other').digest('hex');

function put(
  client: ConformanceClient,
  headers: Readonly<Record<string, string>>,
  key = 'integrity',
): Promise<RawAnswer> {
  return client.ask({ method: 'PUT', key, body: 'body', headers });
}

function crc32Of(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64');
}

/** That bytes which changed on their way are refused. */
export const INTEGRITY_CHECKS: readonly ConformanceCheck[] = [
  answers('refuses a body with another hash', '400 XAmzContentSHA256Mismatch', (client) =>
    client.ask({ method: 'PUT', key: 'integrity', body: 'body', payloadHash: OTHER_SHA256 }),
  ),
  answers('refuses a body with another Content-MD5', '400 BadDigest', (client) =>
    put(client, { 'content-md5': md5('other', 'base64') }),
  ),
  answers('refuses a Content-MD5 that is none', '400 InvalidDigest', (client) =>
    put(client, { 'content-md5': 'bm90IGFuIG1kNQ==' }),
  ),
  answers('refuses a body with another CRC-32', '400 BadDigest', (client) =>
    put(client, { 'x-amz-checksum-crc32': crc32Of('other') }, 'integrity/other-crc32'),
  ),
  answers('refuses a body with another CRC-32C', '400 BadDigest', (client) =>
    put(client, { 'x-amz-checksum-crc32c': 'AAAAAA==' }, 'integrity/other-crc32c'),
  ),
  answers('refuses a body with another SHA-256 as its checksum', '400 BadDigest', (client) =>
    put(
      client,
      { 'x-amz-checksum-sha256': createHash('sha256').update('other').digest('base64') },
      'integrity/other-sha256',
    ),
  ),
  answers('refuses a body whose length is not told', '501 NotImplemented', (client) =>
    put(client, { 'transfer-encoding': 'chunked' }),
  ),
  answers('refuses aws-chunked', '501 NotImplemented', (client) =>
    client.ask({
      method: 'PUT',
      key: 'integrity',
      body: '4\r\nbody\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
      payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      headers: {
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': '4',
        'x-amz-trailer': 'x-amz-checksum-crc32',
      },
    }),
  ),
  answers('stores nothing of a body that it refused', '404 NoSuchKey', (client) =>
    client.ask({ method: 'GET', key: 'integrity' }),
  ),
  answers('refuses UNSIGNED-PAYLOAD without TLS', '400 InvalidRequest', (client) =>
    client.ask({
      method: 'PUT',
      key: 'integrity/unsigned',
      body: 'body',
      payloadHash: 'UNSIGNED-PAYLOAD',
    }),
  ),
  answers('stores a body with the right Content-MD5', '200', (client) =>
    put(client, { 'content-md5': md5('body', 'base64') }, 'integrity/md5'),
  ),
  {
    name: 'keeps a checksum and tells it where it is asked for',
    s3: 'told',
    verdict: async (client) => {
      const value = crc32Of('body');
      await given(client, 'integrity/crc32', 'body', { 'x-amz-checksum-crc32': value });
      const answer = await client.ask({
        method: 'HEAD',
        key: 'integrity/crc32',
        headers: { 'x-amz-checksum-mode': 'ENABLED' },
      });
      return answer.headers['x-amz-checksum-crc32'] === value ? 'told' : 'not told';
    },
  },
  answers('refuses a storage class that is none', '400 InvalidStorageClass', (client) =>
    put(client, { 'x-amz-storage-class': 'CELLAR' }, 'integrity/class'),
  ),
  answers('refuses an ACL that is none', '400 InvalidArgument', (client) =>
    put(client, { 'x-amz-acl': 'everybody' }, 'integrity/acl'),
  ),
  answers('refuses more than 2 KB of metadata', '400 MetadataTooLarge', (client) =>
    put(client, { 'x-amz-meta-long': 'm'.repeat(2100) }, 'integrity/metadata'),
  ),
  answers('refuses eleven tags', '400 BadRequest', (client) =>
    put(
      client,
      { 'x-amz-tagging': Array.from({ length: 11 }, (_, at) => `t${String(at)}=v`).join('&') },
      'integrity/tags',
    ),
  ),
];
