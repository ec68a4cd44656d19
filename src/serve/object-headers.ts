import type { ObjectMetadata, StoredObject } from '../model/bucket.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { OriginHead } from '../model/origin.ts';
import type { Headers } from '../model/ports.ts';
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

type Entry = readonly [name: string, value: string];

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
 * the bucket's own where nothing is noted of an origin.
 */
export function headersOfHit(
  object: StoredObject,
  response: ResponseSettings,
  mark: Mark,
): Headers {
  const isNoted = [STORED_ETAG, STORED_LAST_MODIFIED, STORED_URL].some((name) =>
    Object.hasOwn(object.metadata, name),
  );
  const validators =
    response.validators === 'origin' && isNoted
      ? notedValidators(object)
      : bucketValidators(object);
  return headersOf(object, validators, {}, response, mark);
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
  const validators = response.validators === 'origin' ? notedValidators(kept) : [];
  const passed = passedAnswerHeaders(response.passHeaders, head.headers);
  return headersOf(kept, validators, passed, response, mark);
}

/** The header that says where an answer came from; none where the rule wants none. */
export function markHeader({ mark: name }: Pick<ResponseSettings, 'mark'>, mark: Mark): Headers {
  return name === false ? {} : { [name]: mark };
}

/** The headers that the rule sets on every answer. */
export function headersSet({ setHeaders }: Pick<ResponseSettings, 'setHeaders'>): Headers {
  const set = setHeaders.filter(({ name, value }) => isSettable(name) && isHeaderValue(value));
  return Object.fromEntries(set.map(({ name, value }): Entry => [name, value]));
}

function headersOf(
  kept: ObjectMetadata,
  validators: readonly Entry[],
  passed: Headers,
  response: ResponseSettings,
  mark: Mark,
): Headers {
  return Object.fromEntries([
    ...Object.entries(passed),
    ...keptHeaders(kept),
    ...Object.entries(headersSet(response)),
    ['accept-ranges', 'bytes'],
    ...validators,
    ...tagOf(kept, response),
    ...Object.entries(markHeader(response, mark)),
  ]);
}

/** Content headers, those that S3 has no field for, and user metadata. */
function keptHeaders({ headers, metadata }: ObjectMetadata): Entry[] {
  const fields = Object.entries(headers).filter(
    ([name]) => name === 'content-encoding' || isPassable(name),
  );
  const others = Object.entries(metadata).flatMap(([name, text]): Entry[] => {
    const header = shownAs(name.toLowerCase());
    return header === undefined ? [] : [[header, text]];
  });
  return [...fields, ...others].flatMap(([name, text]): Entry[] => {
    const value = headerBytes(text);
    return value === undefined ? [] : [[name, value]];
  });
}

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

/** Notes of validators are bytes as they came, so they are written as they are. */
function notedValidators({ metadata }: ObjectMetadata): Entry[] {
  return validatorEntries(metadata[STORED_ETAG], metadata[STORED_LAST_MODIFIED]);
}

function bucketValidators({ etag, lastModifiedMs }: StoredObject): Entry[] {
  // A store that doesn't say when counts as 0; a date as old as that would answer 304 to anyone.
  const lastModified = lastModifiedMs > 0 ? httpDate(lastModifiedMs) : undefined;
  return validatorEntries(etag === '' ? undefined : etag, lastModified);
}

function validatorEntries(etag: string | undefined, lastModified: string | undefined): Entry[] {
  const pairs = [['etag', etag] as const, ['last-modified', lastModified] as const];
  return pairs.flatMap(([name, value]): Entry[] =>
    value !== undefined && isHeaderValue(value) ? [[name, value]] : [],
  );
}

function isSettable(name: string): boolean {
  return isHeaderName(name) && !OBJECT_OWN.has(name);
}

function tagOf({ metadata }: ObjectMetadata, response: ResponseSettings): Entry[] {
  const url = metadata[STORED_URL];
  return response.ossTag && url !== undefined ? [['x-oss-tag', ossTag(url)]] : [];
}
