import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

import type { Headers } from '../model/ports.ts';
import type { ChecksumAlgorithm } from '../model/rule.ts';
import { crc32c } from '../s3/crc32c.ts';

function bigEndianBase64(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}

/**
 * Sets the header by which a store verifies the bytes of an object that it gets. `auto` is
 * Content-MD5, which every store verifies; `x-amz-checksum-*` many do not know.
 * @param md5 of the bytes, hex digits
 */
export function setDigest(
  headers: Record<string, string>,
  algorithm: ChecksumAlgorithm,
  bytes: Uint8Array,
  md5: string,
): void {
  switch (algorithm) {
    case 'auto':
    case 'md5':
      headers['content-md5'] = Buffer.from(md5, 'hex').toString('base64');
      break;
    case 'crc32':
      headers['x-amz-checksum-crc32'] = bigEndianBase64(crc32(bytes));
      break;
    case 'crc32c':
      headers['x-amz-checksum-crc32c'] = bigEndianBase64(crc32c(bytes));
      break;
    case 'sha256':
      headers['x-amz-checksum-sha256'] = createHash('sha256').update(bytes).digest('base64');
      break;
    case 'none':
      break;
  }
}

/**
 * The header by which a store verifies the bytes of a part: Content-MD5, unless there shall be none.
 * A part's `x-amz-checksum-*` would have to be announced when the upload is created and repeated
 * when it is completed, and guards the way to the store no better.
 */
export function partDigestHeader(algorithm: ChecksumAlgorithm, md5: Buffer): Headers {
  return algorithm === 'none' ? {} : { 'content-md5': md5.toString('base64') };
}
