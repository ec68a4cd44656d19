import { type AskedRange, type ByteRange, partLength, partOf } from '../model/byte-range.ts';
import { fieldProblem } from '../http/request-fields.ts';
import type { ObjectMetadata, StoredAnswer, StoredObject, WriteOptions } from '../model/bucket.ts';
import { Failure, type FailureCode } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Headers } from '../model/ports.ts';
import { setHeader } from '../model/set-header.ts';
import { isPlain, textProblem } from '../s3/encoded-words.ts';
import {
  fieldHeader,
  fieldText,
  isField,
  METADATA_PREFIX,
  metadataHeader,
  metadataText,
} from '../s3/metadata-text.ts';
import { requestIdIn } from '../s3/request-id.ts';
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
  if (isPlain(value)) return value;
  const problem = textProblem(value);
  if (problem !== undefined) throw unfit(key, name, problem);
  return encode(value);
}

function unfit(key: ObjectKey, name: string, problem: string): Failure {
  const what = `${JSON.stringify(key)} can't be stored with its header ${JSON.stringify(name)}`;
  return new Failure(
    'BUCKET_REFUSED',
    `${what}: ${problem}; leave it out by the rule's store section`,
  );
}

/** Names of metadata that come again and again are spelled once; others may be many. */
const SPELLINGS_KEPT = 256;
const spellings = new Map<string, string>();

/** @throws Failure `BUCKET_REFUSED` for what is no header's name. */
function metadataName(key: ObjectKey, name: string): string {
  const known = spellings.get(name);
  if (known !== undefined) return known;
  refuseName(key, name);
  const spelled = METADATA_PREFIX + name.toLowerCase();
  if (spellings.size < SPELLINGS_KEPT) spellings.set(name, spelled);
  return spelled;
}

function refuseName(key: ObjectKey, name: string): void {
  const problem = fieldProblem(name, '');
  if (problem !== undefined) throw unfit(key, name, problem);
}

/** RFC 3986: encodeURIComponent leaves five characters that signatures want encoded. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

function tagging(tags: Headers): string {
  const pairs = Object.entries(tags);
  return pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
}

/** Sets what the bucket's own settings, overruled by a rule's, make of each object that is written. */
export function setSettings(
  headers: Record<string, string>,
  { storageClass, acl, sse }: S3ObjectSettings,
  ofRule: string | undefined,
): void {
  const kind = ofRule ?? storageClass;
  if (kind !== undefined) headers['x-amz-storage-class'] = kind;
  if (acl !== undefined) headers['x-amz-acl'] = acl;
  if (sse === undefined) return;
  headers['x-amz-server-side-encryption'] = sse.type;
  if (sse.keyId !== undefined) {
    headers['x-amz-server-side-encryption-aws-kms-key-id'] = sse.keyId;
  }
}

/**
 * The headers of a request that creates an object: what is kept beside its bytes, and how.
 * @throws Failure `BUCKET_REFUSED` for a text that S3 can't keep.
 */
export function writeHeaders(
  key: ObjectKey,
  { headers: fields, metadata }: ObjectMetadata,
  { tags, storageClass }: WriteOptions,
  settings: S3ObjectSettings,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of Object.keys(fields)) {
    if (!isField(name)) refuseName(key, name);
    headers[name] = encodedValue(key, name, fields[name] ?? '', fieldHeader);
  }
  for (const name of Object.keys(metadata)) {
    const header = metadataName(key, name);
    headers[header] = encodedValue(key, name, metadata[name] ?? '', metadataHeader);
  }
  const tagged = tags === undefined ? '' : tagging(tags);
  if (tagged !== '') headers['x-amz-tagging'] = tagged;
  setSettings(headers, settings, storageClass);
  return headers;
}

function bodyLength(bucket: string, key: ObjectKey, { length, headers }: S3Response): number {
  if (length !== undefined) return length;
  const line = `bucket ${bucket} did not tell the length of ${JSON.stringify(key)}: its answer has no Content-Length`;
  throw new Failure('BUCKET_REFUSED', line, { requestId: requestIdIn(headers) });
}

/** An object as an answer's headers describe it. */
class DescribedObject implements StoredObject {
  readonly key: ObjectKey;
  readonly size: number;
  readonly etag: string;
  readonly headers: Record<string, string> = {};
  readonly metadata: Record<string, string> = {};
  readonly #lastModified: string | undefined;

  constructor(key: ObjectKey, size: number, headers: Headers) {
    this.key = key;
    this.size = size;
    this.etag = quotedEtag(headers['etag']) ?? '';
    this.#lastModified = headers['last-modified'];
    for (const name of Object.keys(headers)) {
      const kept = keptAs(name);
      if (kept === 'nothing') continue;
      const value = headers[name] ?? '';
      if (kept === 'field') setHeader(this.headers, name, fieldText(value));
      else setHeader(this.metadata, kept.metadata, metadataText(value));
    }
  }

  /** Read when somebody asks for it: hardly anybody does, and reading dates takes its time. */
  get lastModifiedMs(): number {
    const ms = Date.parse(this.#lastModified ?? '');
    return Number.isNaN(ms) ? 0 : ms;
  }
}

/** What an answer's header is to an object. */
type Kept = 'field' | 'nothing' | { readonly metadata: string };

const kinds = new Map<string, Kept>();

function keptAs(name: string): Kept {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  const kept = kindOf(name);
  if (kinds.size < SPELLINGS_KEPT) kinds.set(name, kept);
  return kept;
}

function kindOf(name: string): Kept {
  if (isField(name)) return 'field';
  if (!name.startsWith(METADATA_PREFIX)) return 'nothing';
  return { metadata: name.slice(METADATA_PREFIX.length) };
}

/**
 * What the answer to a HEAD or GET of a whole object tells of it.
 * @throws Failure `BUCKET_REFUSED` where it does not tell the object's length.
 */
export function storedObject(bucket: string, key: ObjectKey, response: S3Response): StoredObject {
  return new DescribedObject(key, bodyLength(bucket, key, response), response.headers);
}

/** Objects are not that long, and a number beyond it may not be written in digits alone. */
const digits = (bytes: number): string => String(Math.min(bytes, Number.MAX_SAFE_INTEGER));

/** A range as a request asks for it (RFC 9110 §14.1.2). */
export function rangeHeader(range: AskedRange): string {
  if ('suffix' in range) return `bytes=-${digits(range.suffix)}`;
  const last = range.last === undefined ? '' : digits(range.last);
  return `bytes=${digits(range.first)}-${last}`;
}

/** The part of a whole of known length that a Content-Range tells of. */
function toldPart(value: string): (ByteRange & { readonly size: number }) | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(value);
  if (match === null) return undefined;
  const [first = NaN, last = NaN, size = NaN] = match.slice(1).map(Number);
  return { first, last, size };
}

/**
 * What a 206 tells of the object, and which part of it the body is: just what was asked for.
 * @throws Failure `BUCKET_REFUSED` for another part, or one of an object of unknown length;
 * `LENGTH_MISMATCH` where the body's length is not the part's.
 */
export function storedPart(
  bucket: string,
  key: ObjectKey,
  response: S3Response,
  range: AskedRange,
): Pick<StoredAnswer, 'object' | 'part'> {
  const { status, headers } = response;
  const refused = (code: FailureCode, got: string): Failure => {
    const asked = `${JSON.stringify(rangeHeader(range))} of ${JSON.stringify(key)}`;
    const advice = 'is its endpoint an S3 store, with nothing before it that changes answers?';
    const line = `bucket ${bucket} answered ${asked} with ${got}: ${advice}`;
    return new Failure(code, line, { status, requestId: requestIdIn(headers) });
  };
  const value = headers['content-range'] ?? '';
  const told = toldPart(value);
  const part = partOf(range, told?.size ?? 0);
  if (typeof part !== 'object' || part.first !== told?.first || part.last !== told.last) {
    throw refused('BUCKET_REFUSED', `the Content-Range ${JSON.stringify(value)}`);
  }
  const length = bodyLength(bucket, key, response);
  const expected = partLength(part, told.size);
  if (length !== expected) {
    throw refused('LENGTH_MISMATCH', `a body of ${length} bytes, expected ${expected}`);
  }
  return { object: new DescribedObject(key, told.size, headers), part };
}
