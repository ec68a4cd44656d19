import type { ObjectMetadata, StoredObject } from '../model/bucket.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { OriginHead } from '../model/origin.ts';
import type { Headers } from '../model/ports.ts';
import { setHeader } from '../model/set-header.ts';
import type { ResponseSettings, Rule } from '../model/rule.ts';
import {
  HEADER_AS_METADATA,
  OWN_METADATA,
  shownMetadata,
  STORED_ETAG,
  STORED_LAST_MODIFIED,
  STORED_URL,
} from '../plan/stored-metadata.ts';
import { isHeaderName, isHeaderValue } from '../rules/header-names.ts';
import { headerBytes } from './client/header-bytes.ts';
import { httpDate } from './client/http-date.ts';
import { ossTag } from './oss-tag.ts';
import { remembered } from './remembered.ts';
import { isPassable, passedAnswerHeaders } from './passed-answer-headers.ts';

/**
 * Where an answer came from:
 *
 * - `HIT`: the bucket
 * - `MISS`: an origin, by the fetch that this request began
 * - `SHARED`: an origin, by a fetch that another request began
 * - `NEGATIVE`: an origin's 404 that is remembered
 * - `PROXY`: an origin, and nothing is stored
 * - `REDIRECT`: the client is sent to the origin
 */
export type Mark = 'HIT' | 'MISS' | 'SHARED' | 'NEGATIVE' | 'PROXY' | 'REDIRECT';

/** The values of the headers that name an object's version. */
interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

const NO_VALIDATORS: Validators = { etag: undefined, lastModified: undefined };

/** What serve alone says of an object: its version, and that there are ranges of it. */
const OBJECT_OWN: ReadonlySet<string> = new Set([
  'accept-ranges',
  'content-range',
  'etag',
  'last-modified',
]);

/**
 * The headers of a stored object for a client, but for the body's length and range: names in lower
 * case, values as node:http writes them. The notes that this program keeps beside objects are not
 * among them. With `validators: origin` the object has the validators that the origin gave it, and
 * the bucket's own where nothing is noted of an origin. They are the caller's to change.
 */
export function headersOfHit(
  object: StoredObject,
  response: ResponseSettings,
  mark: Mark,
): Record<string, string> {
  const validators =
    response.validators === 'origin' && isNoted(object)
      ? notedValidators(object)
      : bucketValidators(object);
  return addObject({}, object, validators, response, mark);
}

/**
 * The headers of an object that comes from an origin: those that {@link headersOfHit} gives once it
 * is stored, `passHeaders` besides. What a hit could not repeat is left out: with `validators:
 * bucket`, or without `store.originValidators`, there are none.
 */
export function headersOfMiss(
  key: ObjectKey,
  head: OriginHead,
  { store, response }: Pick<Rule, 'store' | 'response'>,
  mark: Mark,
): Headers {
  const kept = shownMetadata(key, head, store);
  const validators = response.validators === 'origin' ? notedValidators(kept) : NO_VALIDATORS;
  const passed = passedAnswerHeaders(response.passHeaders, head.headers);
  return addObject(passed, kept, validators, response, mark);
}

/** The header that says where an answer came from; none where the rule wants none. */
export function markHeader({ mark: name }: Pick<ResponseSettings, 'mark'>, mark: Mark): Headers {
  return name === false ? {} : { [name]: mark };
}

/** The headers that the rule sets on every answer. */
export function headersSet(response: Pick<ResponseSettings, 'setHeaders'>): Headers {
  const headers: Record<string, string> = {};
  addSet(headers, response);
  return headers;
}

function addSet(
  headers: Record<string, string>,
  { setHeaders }: Pick<ResponseSettings, 'setHeaders'>,
): void {
  for (const { name, value } of setHeaders) {
    if (isSettable(name) && isHeaderValue(value)) setHeader(headers, name, value);
  }
}

/** What comes later counts: what serve says itself is nobody's to set. */
function addObject(
  headers: Record<string, string>,
  kept: ObjectMetadata,
  { etag, lastModified }: Validators,
  response: ResponseSettings,
  mark: Mark,
): Record<string, string> {
  addKept(headers, kept);
  addSet(headers, response);
  headers['accept-ranges'] = 'bytes';
  if (etag !== undefined && isHeaderValue(etag)) headers['etag'] = etag;
  if (lastModified !== undefined && isHeaderValue(lastModified)) {
    headers['last-modified'] = lastModified;
  }
  const url = response.ossTag ? kept.metadata[STORED_URL] : undefined;
  if (url !== undefined) headers['x-oss-tag'] = ossTag(url);
  if (response.mark !== false) setHeader(headers, response.mark, mark);
  return headers;
}

/** Content headers, those that S3 has no field for, and user metadata. */
function addKept(to: Record<string, string>, { headers, metadata }: ObjectMetadata): void {
  for (const name of Object.keys(headers)) {
    const header = fieldShownAs(name);
    if (header !== undefined) addText(to, header, headers[name] ?? '');
  }
  for (const name of Object.keys(metadata)) {
    const header = metadataShownAs(name);
    if (header !== undefined) addText(to, header, metadata[name] ?? '');
  }
}

function addText(to: Record<string, string>, name: string, text: string): void {
  const value = headerBytes(text);
  if (value !== undefined) setHeader(to, name, value);
}

/** Objects have the same few names again and again, and each would be held against patterns. */
const fieldShownAs = remembered((name) =>
  name === 'content-encoding' || isPassable(name) ? name : undefined,
);
const metadataShownAs = remembered((name) => shownAs(name.toLowerCase()));

/** The header that a client gets a piece of metadata in; undefined where it is none of his. */
function shownAs(name: string): string | undefined {
  if (name.startsWith(HEADER_AS_METADATA)) {
    const header = name.slice(HEADER_AS_METADATA.length);
    return isPassable(header) ? header : undefined;
  }
  if (name.startsWith(OWN_METADATA)) return undefined;
  const header = `x-amz-meta-${name}`;
  return isHeaderName(header) ? header : undefined;
}

/** Something of the origin's was kept with it. */
function isNoted({ metadata }: ObjectMetadata): boolean {
  return (
    Object.hasOwn(metadata, STORED_ETAG) ||
    Object.hasOwn(metadata, STORED_LAST_MODIFIED) ||
    Object.hasOwn(metadata, STORED_URL)
  );
}

/** Notes of validators are bytes as they came, so they are written as they are. */
function notedValidators({ metadata }: ObjectMetadata): Validators {
  return { etag: metadata[STORED_ETAG], lastModified: metadata[STORED_LAST_MODIFIED] };
}

function bucketValidators({ etag, lastModifiedMs }: StoredObject): Validators {
  return {
    etag: etag === '' ? undefined : etag,
    // A store that doesn't say when counts as 0; a date as old as that would answer 304 to anyone.
    lastModified: lastModifiedMs > 0 ? httpDate(lastModifiedMs) : undefined,
  };
}

function isSettable(name: string): boolean {
  return isHeaderName(name) && !OBJECT_OWN.has(name);
}
