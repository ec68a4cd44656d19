import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { S3Refusal, notImplemented } from './s3-double-error.ts';
import type { DoubleRequest } from './s3-double-request.ts';

/** CRC-32C, reflected (RFC 3720, appendix B.4). */
const CRC32C_POLYNOMIAL = 0x82f63b78;

const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    value = (value & 1) === 1 ? (value >>> 1) ^ CRC32C_POLYNOMIAL : value >>> 1;
  }
  return value >>> 0;
});

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC32C_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** The checksum algorithms that S3 knows, by the end of their header's name. */
export const CHECKSUMS: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  crc32: (bytes) => bigEndian(crc32(bytes)),
  crc32c: (bytes) => bigEndian(crc32c(bytes)),
  sha1: (bytes) => createHash('sha1').update(bytes).digest(),
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
};

/** `x-amz-checksum-` headers that are not a checksum. */
const NOT_A_CHECKSUM: ReadonlySet<string> = new Set([
  'x-amz-checksum-mode',
  'x-amz-checksum-algorithm',
  'x-amz-checksum-type',
]);

const EMPTY_SHA256 = createHash('sha256').digest('hex');

export function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}

/** Refuses framings that S3 does not take, and lengths. @throws S3Refusal */
export function checkFraming(
  { method, headers }: Pick<DoubleRequest, 'method' | 'headers'>,
  maxBytes: number,
): void {
  const hash = headers['x-amz-content-sha256'] ?? '';
  const encoding = headers['content-encoding'] ?? '';
  if (hash.startsWith('STREAMING-') || encoding.split(/, */).includes('aws-chunked')) {
    throw notImplemented('aws-chunked');
  }
  if (headers['transfer-encoding'] !== undefined) {
    throw notImplemented('Transfer-Encoding');
  }
  const length = headers['content-length'];
  if (length === undefined && (method === 'PUT' || method === 'POST')) {
    throw new S3Refusal(
      411,
      'MissingContentLength',
      'You must provide the Content-Length HTTP header.',
    );
  }
  if (Number(length ?? 0) > maxBytes) {
    const message = 'Your proposed upload exceeds the maximum allowed size';
    throw new S3Refusal(400, 'EntityTooLarge', message, {
      ProposedSize: length ?? '',
      MaxSizeAllowed: String(maxBytes),
    });
  }
}

/** Checks what the headers say of the body. @throws S3Refusal */
export function checkBody(request: DoubleRequest, body: Buffer, unsignedOverHttp: boolean): void {
  if (request.headers['authorization'] !== undefined) {
    checkPayloadHash(request, body, unsignedOverHttp);
  }
  checkContentMd5(request.headers['content-md5'], body);
  sentChecksums(request.headers, body);
}

function checkPayloadHash(request: DoubleRequest, body: Buffer, unsignedOverHttp: boolean): void {
  const claimed = request.headers['x-amz-content-sha256'];
  if (claimed === undefined) {
    const message = 'Missing required header for this request: x-amz-content-sha256';
    throw new S3Refusal(400, 'InvalidRequest', message);
  }
  if (claimed === 'UNSIGNED-PAYLOAD') {
    if (request.secure || unsignedOverHttp) return;
    throw new S3Refusal(400, 'InvalidRequest', 'UNSIGNED-PAYLOAD needs a secure connection.');
  }
  const hash = body.length === 0 ? EMPTY_SHA256 : createHash('sha256').update(body).digest('hex');
  if (claimed === hash) return;
  throw new S3Refusal(
    400,
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    { ClientComputedContentSHA256: claimed, S3ComputedContentSHA256: hash },
  );
}

function checkContentMd5(given: string | undefined, body: Buffer): void {
  if (given === undefined) return;
  const digest = Buffer.from(given, 'base64');
  if (digest.length !== 16 || digest.toString('base64') !== given) {
    const message = 'The Content-MD5 you specified was invalid.';
    throw new S3Refusal(400, 'InvalidDigest', message, { 'Content-MD5': given });
  }
  const computed = md5(body);
  if (!digest.equals(computed)) {
    throw new S3Refusal(
      400,
      'BadDigest',
      'The Content-MD5 you specified did not match what we received.',
      { ExpectedDigest: given, CalculatedDigest: computed.toString('base64') },
    );
  }
}

/** The checksums that a request gives, verified. @throws S3Refusal */
export function sentChecksums(
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Record<string, string> {
  const names = Object.keys(headers).filter(
    (name) => name.startsWith('x-amz-checksum-') && !NOT_A_CHECKSUM.has(name),
  );
  if (names.length > 1) {
    throw new S3Refusal(400, 'InvalidRequest', 'Expecting a single x-amz-checksum- header.');
  }
  const [name] = names;
  if (name === undefined) {
    if (headers['x-amz-sdk-checksum-algorithm'] === undefined) return {};
    throw new S3Refusal(
      400,
      'InvalidRequest',
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  const algorithm = name.slice('x-amz-checksum-'.length);
  const compute = CHECKSUMS[algorithm];
  const value = headers[name] ?? '';
  if (compute === undefined) throw notImplemented(name);
  const computed = compute(body);
  if (Buffer.from(value, 'base64').length !== computed.length) {
    throw new S3Refusal(400, 'InvalidRequest', `Value for ${name} header is invalid.`);
  }
  if (computed.toString('base64') !== value) {
    throw new S3Refusal(
      400,
      'BadDigest',
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    );
  }
  return { [algorithm]: value };
}

/** Checksums as the headers of an answer. */
export function checksumHeaders(
  checksums: Readonly<Record<string, string>>,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(checksums)) headers[`x-amz-checksum-${name}`] = value;
  return headers;
}
