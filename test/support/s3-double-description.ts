import { checksumHeaders } from './s3-double-body.ts';
import { S3Refusal, invalidArgument } from './s3-double-error.ts';
import type { DoubleDescription, DoubleObject } from './s3-double-state.ts';

/** S3 accepts at most 2 KB of user metadata, names and values together. */
const MAX_METADATA_BYTES = 2048;
const MAX_TAGS = 10;
const MAX_TAG_NAME = 128;
const MAX_TAG_VALUE = 256;

const KEPT_HEADERS = [
  ...['content-type', 'content-encoding', 'content-disposition', 'content-language'],
  ...['cache-control', 'expires'],
];

const STORAGE_CLASSES: ReadonlySet<string> = new Set([
  ...['STANDARD', 'REDUCED_REDUNDANCY', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING'],
  ...['GLACIER', 'DEEP_ARCHIVE', 'GLACIER_IR', 'OUTPOSTS', 'SNOW', 'EXPRESS_ONEZONE'],
]);

const ARCHIVED: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

const ACLS: ReadonlySet<string> = new Set([
  ...['private', 'public-read', 'public-read-write', 'authenticated-read', 'aws-exec-read'],
  ...['bucket-owner-read', 'bucket-owner-full-control'],
]);

const SSE_TYPES: ReadonlySet<string> = new Set(['AES256', 'aws:kms', 'aws:kms:dsse']);

type Fields = Readonly<Record<string, string>>;

/** What the headers of a PutObject or CreateMultipartUpload say of the object. @throws S3Refusal */
export function describedBy(headers: Fields): DoubleDescription {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (value !== undefined) kept[name] = value;
  }
  return {
    headers: kept,
    metadata: userMetadata(headers),
    tags: parseTagging(headers['x-amz-tagging'] ?? ''),
    storageClass: storageClass(headers['x-amz-storage-class'] ?? 'STANDARD'),
    acl: acl(headers['x-amz-acl'] ?? 'private'),
    sse: serverSideEncryption(headers),
  };
}

function userMetadata(headers: Fields): Record<string, string> {
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('x-amz-meta-')) continue;
    const own = name.slice('x-amz-meta-'.length);
    metadata[own] = value;
    bytes += own.length + decodedLength(value);
  }
  if (bytes > MAX_METADATA_BYTES) {
    const message = 'Your metadata headers exceed the maximum allowed metadata size';
    throw new S3Refusal(400, 'MetadataTooLarge', message, {
      Size: String(bytes),
      MaxSizeAllowed: String(MAX_METADATA_BYTES),
    });
  }
  return metadata;
}

/** S3 counts the UTF-8 of what a value says, not the encoded words that it came in. */
function decodedLength(value: string): number {
  return value.replace(/=\?utf-8\?b\?([^?]*)\?=(?: (?==\?))?/gi, (_, base64: string) =>
    Buffer.from(base64, 'base64').toString('latin1'),
  ).length;
}

function storageClass(name: string): string {
  if (STORAGE_CLASSES.has(name)) return name;
  const message = 'The storage class you specified is not valid';
  throw new S3Refusal(400, 'InvalidStorageClass', message, { StorageClassRequested: name });
}

function acl(name: string): string {
  if (ACLS.has(name)) return name;
  throw invalidArgument('x-amz-acl', name, '');
}

function serverSideEncryption(headers: Fields): DoubleDescription['sse'] {
  const type = headers['x-amz-server-side-encryption'];
  const keyId = headers['x-amz-server-side-encryption-aws-kms-key-id'];
  if (type === undefined && keyId === undefined) return undefined;
  if (type === undefined || !SSE_TYPES.has(type)) {
    const message = 'The encryption method specified is not supported';
    throw invalidArgument('x-amz-server-side-encryption', type ?? '', message);
  }
  if (keyId !== undefined && type === 'AES256') {
    const name = 'x-amz-server-side-encryption-aws-kms-key-id';
    throw invalidArgument(name, keyId, 'A key id goes with aws:kms only');
  }
  return { type, keyId };
}

/** Reads `x-amz-tagging`: `a=b&c=d`, encoded as a query. @throws S3Refusal InvalidTag */
function parseTagging(header: string): Record<string, string> {
  const pairs = [...new URLSearchParams(header)];
  if (header.split('&').some((pair) => pair.startsWith('='))) {
    const message =
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query";
    throw invalidArgument('x-amz-tagging', header, message);
  }
  return checkTags(pairs);
}

/** Tags that S3 accepts, as a record. @throws S3Refusal */
export function checkTags(
  pairs: readonly (readonly [name: string, value: string])[],
): Record<string, string> {
  if (pairs.length > MAX_TAGS) {
    throw new S3Refusal(400, 'BadRequest', 'Object tags cannot be greater than 10');
  }
  const tags: Record<string, string> = {};
  for (const [name, value] of pairs) {
    checkTag(name, value);
    if (name in tags) {
      const message = 'Cannot provide multiple Tags with the same key';
      throw new S3Refusal(400, 'InvalidTag', message, { TagKey: name });
    }
    tags[name] = value;
  }
  return tags;
}

function checkTag(name: string, value: string): void {
  const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
  if (name === '' || name.length > MAX_TAG_NAME || !allowed.test(name)) {
    throw new S3Refusal(400, 'InvalidTag', 'The TagKey you have provided is invalid', {
      TagKey: name,
    });
  }
  if (value.length > MAX_TAG_VALUE || !allowed.test(value)) {
    throw new S3Refusal(400, 'InvalidTag', 'The TagValue you have provided is invalid', {
      TagKey: name,
      TagValue: value,
    });
  }
}

/** Refuses the bytes of an object that has to be restored first. */
export function checkNotArchived(object: DoubleObject): void {
  if (!ARCHIVED.has(object.storageClass)) return;
  const message = "The operation is not valid for the object's storage class";
  throw new S3Refusal(403, 'InvalidObjectState', message, { StorageClass: object.storageClass });
}

/** The headers of an answer that tell of an object: GetObject and HeadObject. */
export function objectHeaders(
  object: DoubleObject,
  withChecksums: boolean,
): Record<string, string> {
  const headers: Record<string, string> = {
    ...(object.headers['content-type'] === undefined && {
      'content-type': 'binary/octet-stream',
    }),
    ...object.headers,
    etag: object.etag,
    'last-modified': new Date(object.lastModifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    ...sseHeaders(object),
  };
  for (const [name, value] of Object.entries(object.metadata)) {
    headers[`x-amz-meta-${name}`] = shownMetadata(value);
  }
  if (object.storageClass !== 'STANDARD') headers['x-amz-storage-class'] = object.storageClass;
  const tags = Object.keys(object.tags).length;
  if (tags > 0) headers['x-amz-tagging-count'] = String(tags);
  return withChecksums ? { ...headers, ...checksumHeaders(object.checksums) } : headers;
}

/** What an answer tells of the encryption. */
export function sseHeaders({ sse }: DoubleDescription): Record<string, string> {
  if (sse === undefined) return {};
  const headers: Record<string, string> = { 'x-amz-server-side-encryption': sse.type };
  if (sse.keyId !== undefined) {
    headers['x-amz-server-side-encryption-aws-kms-key-id'] = sse.keyId;
  }
  return headers;
}

/** S3 gives values that are not ASCII back in the encoding of mail headers (RFC 2047). */
function shownMetadata(value: string): string {
  return /^[\x20-\x7e]*$/.test(value)
    ? value
    : `=?UTF-8?B?${Buffer.from(value, 'latin1').toString('base64')}?=`;
}
