import { fieldProblem } from '../http/request-fields.ts';
import type { ObjectMetadata, StoredObject, WriteOptions } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Headers } from '../model/ports.ts';
import { textProblem } from '../s3/encoded-words.ts';
import {
  fieldHeader,
  fieldText,
  isField,
  METADATA_PREFIX,
  metadataHeader,
  metadataText,
} from '../s3/metadata-text.ts';
import type { S3Response } from '../s3/s3-store.ts';
import { quotedEtag } from './s3-etag.ts';

/** What a bucket's settings add to each object that is written. */
export interface S3ObjectSettings {
  readonly storageClass: string | undefined;
  /** A canned ACL, such as `public-read`. */
  readonly acl: string | undefined;
  /** `AES256`, `aws:kms`, …, and the key of KMS. */
  readonly sse: { readonly type: string; readonly keyId: string | undefined } | undefined;
}

/** @param encode what brings a text into ASCII */
function encodedValue(
  key: ObjectKey,
  name: string,
  value: string,
  encode: (text: string) => string,
): string {
  const problem = fieldProblem(name, '') ?? textProblem(value);
  if (problem === undefined) return encode(value);
  const what = `${JSON.stringify(key)} can't be stored with its header ${JSON.stringify(name)}`;
  throw new Failure(
    'BUCKET_REFUSED',
    `${what}: ${problem}; leave it out by the rule's store section`,
  );
}

/** RFC 3986: encodeURIComponent leaves five characters that signatures want encoded. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

function tagging(tags: Headers | undefined): string {
  const pairs = Object.entries(tags ?? {});
  return pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
}

/** What the bucket's own settings, overruled by a rule's, make of each object that is written. */
export function settingsHeaders(
  settings: S3ObjectSettings,
  storageClass: string | undefined = settings.storageClass,
): Headers {
  const { acl, sse } = settings;
  const headers = {
    'x-amz-storage-class': storageClass,
    'x-amz-acl': acl,
    'x-amz-server-side-encryption': sse?.type,
    'x-amz-server-side-encryption-aws-kms-key-id': sse?.keyId,
  };
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) given[name] = value;
  return given;
}

/**
 * The headers of a request that creates an object: what is kept beside its bytes, and how.
 * @throws Failure `BUCKET_REFUSED` for a text that S3 can't keep.
 */
export function writeHeaders(
  key: ObjectKey,
  metadata: ObjectMetadata,
  options: WriteOptions,
  settings: S3ObjectSettings,
): Headers {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(metadata.headers)) {
    headers[name] = encodedValue(key, name, value, fieldHeader);
  }
  for (const [name, value] of Object.entries(metadata.metadata)) {
    const header = METADATA_PREFIX + name.toLowerCase();
    headers[header] = encodedValue(key, name, value, metadataHeader);
  }
  const tags = tagging(options.tags);
  if (tags !== '') headers['x-amz-tagging'] = tags;
  return { ...headers, ...settingsHeaders(settings, options.storageClass) };
}

/**
 * What the answer to a HEAD or GET of a whole object tells of it.
 * @throws Failure `BUCKET_REFUSED` where it does not tell the object's length.
 */
export function storedObject(bucket: string, key: ObjectKey, response: S3Response): StoredObject {
  const { headers, length } = response;
  if (length === undefined) {
    const line = `bucket ${bucket} did not tell the length of ${JSON.stringify(key)}: its answer has no Content-Length`;
    throw new Failure('BUCKET_REFUSED', line);
  }
  const fields = Object.entries(headers).filter(([name]) => isField(name));
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith(METADATA_PREFIX));
  const lastModifiedMs = Date.parse(headers['last-modified'] ?? '');
  return {
    key,
    size: length,
    etag: quotedEtag(headers['etag']) ?? '',
    lastModifiedMs: Number.isNaN(lastModifiedMs) ? 0 : lastModifiedMs,
    headers: Object.fromEntries(fields.map(([name, value]) => [name, fieldText(value)])),
    metadata: Object.fromEntries(
      metadata.map(([name, value]) => [name.slice(METADATA_PREFIX.length), metadataText(value)]),
    ),
  };
}
