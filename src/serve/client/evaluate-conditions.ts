import type { Headers } from '../../model/ports.ts';
import { entityTags, sameBytes, sameMeaning } from './entity-tag.ts';
import type { EntityTag } from './entity-tag.ts';
import { parseHttpDate } from './http-date.ts';

/** What names an object's version to the client, just as the answer's headers say it. */
export interface Validators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

/**
 * What becomes of a read: `go` answers it, with its range if it has one; `goWhole` answers it
 * without regard to its range; the numbers are statuses, answered without the object.
 */
export type ConditionVerdict = 'go' | 'goWhole' | 304 | 412;

/**
 * Holds the conditions of a GET or HEAD against an object that is there, in the order of RFC 9110,
 * 13.2.2. Dates that are none are left out of account.
 * @param headers of the request, lower-case names
 * @param nowMs milliseconds since the epoch
 */
export function evaluateConditions(
  headers: Headers,
  validators: Validators,
  nowMs: number,
): ConditionVerdict {
  if (!preconditionHolds(headers, validators, nowMs)) return 412;
  if (isKnown(headers, validators, nowMs)) return 304;
  const ifRange = headers['if-range'];
  if (ifRange === undefined || headers['range'] === undefined) return 'go';
  return isOfSameBytes(ifRange, validators, nowMs) ? 'go' : 'goWhole';
}

/** If-Match, or else If-Unmodified-Since. */
function preconditionHolds(headers: Headers, validators: Validators, nowMs: number): boolean {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) return matches(ifMatch, validators, sameBytes);
  const since = dateOf(headers['if-unmodified-since'], nowMs);
  const modified = dateOf(validators.lastModified, nowMs);
  return since === undefined || modified === undefined || modified <= since;
}

/** If-None-Match, or else If-Modified-Since: whether the client has what it would get. */
function isKnown(headers: Headers, validators: Validators, nowMs: number): boolean {
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, validators, sameMeaning);
  const since = dateOf(headers['if-modified-since'], nowMs);
  const modified = dateOf(validators.lastModified, nowMs);
  return since !== undefined && modified !== undefined && modified <= since;
}

function matches(
  list: string,
  { etag }: Validators,
  same: (a: EntityTag, b: EntityTag) => boolean,
): boolean {
  if (list.trim() === '*') return true;
  const [own] = entityTags(etag ?? '');
  return own !== undefined && entityTags(list).some((tag) => same(tag, own));
}

/**
 * If-Range: whether what the client has of the object is of the very version it would go on with. A
 * date says so only where it is the Last-Modified that was sent, to the letter.
 */
function isOfSameBytes(ifRange: string, validators: Validators, nowMs: number): boolean {
  const text = ifRange.trim();
  if (text.startsWith('"')) {
    const [own] = entityTags(validators.etag ?? '');
    const [given, ...more] = entityTags(text);
    return own !== undefined && given !== undefined && more.length === 0 && sameBytes(given, own);
  }
  return text === validators.lastModified && parseHttpDate(text, nowMs) !== undefined;
}

function dateOf(text: string | undefined, nowMs: number): number | undefined {
  return text === undefined ? undefined : parseHttpDate(text.trim(), nowMs);
}
