import { Failure } from '../model/failure.ts';
import { compareKeys } from '../model/object-key.ts';
import { brokenAnswer } from './broken-answer.ts';
import type { S3ListedObject } from './listed-object.ts';
import { mayPass } from './may-pass.ts';
import { BrokenListing, readListing, type ListingPage } from './read-listing.ts';
import { S3Error } from './s3-error.ts';
import type { S3Request, S3Store } from './s3-store.ts';

/** Which part of a bucket is listed; whole keys, prefixes of the bucket's URL included. */
export interface ListingRange {
  readonly prefix: string;
  /** Only keys behind it, by their UTF-8 bytes; '' for all. */
  readonly after: string;
  /** Pages that are going to be taken at most; absent: nobody knows. */
  readonly pages?: number | undefined;
}

/** Requests for one page at most, whatever was wrong with it: whoever lists has another way. */
const PAGE_REQUESTS = 3;

/**
 * Where nobody knows how many are wanted, so many pages are taken before any is asked for ahead: many
 * listings are left after the first ones, and then the request would be in vain.
 */
const PAGES_BEFORE_AHEAD = 2;

/** What a request for a page came to. */
type Fetched = ListingPage | 'no-version-2';

/** Where the next page starts. */
type Cursor =
  | { readonly version: 2; readonly token: string | undefined }
  | { readonly version: 1; readonly marker: string };

/** What ListObjectsV2 is refused with by stores that only have its first version. */
const NO_VERSION_2 = ['NotImplemented', 'InvalidArgument', 'InvalidRequest', 'MethodNotAllowed'];

/**
 * Lists a bucket by the keys' UTF-8 bytes, page by page; pages without objects are left out. Stores
 * that know only the first version of ListObjects are asked by it.
 *
 * A listing that can't be complete is an error, never a shorter listing: a page that repeats, goes
 * back or leaves the range, one that goes on without saying where, and tokens that lead in a circle.
 *
 * While a page is being used the next one is on its way, once a few were taken; what goes wrong with
 * it is told when its turn comes. Who leaves early stops that request as well.
 * @throws S3Error, also with the code `InvalidListing`; Failure as `S3Store.send`.
 */
export async function* listPages(
  store: Pick<S3Store, 'send'>,
  range: ListingRange,
  signal: AbortSignal,
): AsyncGenerator<readonly S3ListedObject[], void, undefined> {
  const left = new AbortController();
  const ending = AbortSignal.any([signal, left.signal]);
  const row = new PageRow(range);
  const fetchNext = async (): Promise<Fetched | undefined> => {
    const cursor = row.next();
    return cursor && fetchPage(store, range, cursor, ending);
  };
  let ahead: Promise<Fetched | undefined> | undefined;
  try {
    for (;;) {
      const fetched = await (ahead ?? fetchNext());
      ahead = undefined;
      if (fetched === undefined) return;
      const objects = row.take(fetched);
      if (objects.length === 0) continue;
      if (row.isWorthAhead()) {
        ahead = fetchNext();
        // It is told when its turn comes, if it does.
        ahead.catch(() => undefined);
      }
      yield objects;
    }
  } finally {
    left.abort(new Error('the listing was left'));
    await ahead?.catch(() => undefined);
  }
}

/** Holds each page against those before it, and knows where the next one starts. */
class PageRow {
  readonly #range: ListingRange;
  readonly #tokens = new Set<string>();
  #cursor: Cursor = { version: 2, token: undefined };
  /** The page that was taken last, which `next` goes behind. */
  #page: ListingPage | undefined;
  #last: string;
  #taken = 0;

  constructor(range: ListingRange) {
    this.#range = range;
    this.#last = range.after;
  }

  /** Where the page behind the last one starts; undefined where there is none. */
  next(): Cursor | undefined {
    if (this.#page === undefined) return this.#cursor;
    if (!this.#page.isTruncated) return undefined;
    this.#cursor = nextCursor(this.#cursor, this.#page, this.#last);
    const { version } = this.#cursor;
    const token = version === 2 ? (this.#cursor.token ?? '') : this.#cursor.marker;
    if (this.#tokens.has(token)) throw broken('its pages lead in a circle without any further key');
    this.#tokens.add(token);
    return this.#cursor;
  }

  /** The objects of a page. @throws S3Error `InvalidListing`. */
  take(page: Fetched): readonly S3ListedObject[] {
    if (page === 'no-version-2') {
      this.#cursor = { version: 1, marker: this.#last };
      return [];
    }
    this.#page = page;
    for (const { key } of page.objects) {
      checkOrder(key, this.#last, this.#range.prefix);
      this.#last = key;
    }
    if (page.objects.length > 0) {
      this.#tokens.clear();
      this.#taken += 1;
    }
    return page.objects;
  }

  /** Whether a page behind the one that was taken last is likely to be wanted. */
  isWorthAhead(): boolean {
    const { pages } = this.#range;
    return pages === undefined ? this.#taken > PAGES_BEFORE_AHEAD : this.#taken < pages;
  }
}

async function fetchPage(
  store: Pick<S3Store, 'send'>,
  range: ListingRange,
  cursor: Cursor,
  signal: AbortSignal,
): Promise<Fetched> {
  const isFirst = cursor.version === 2 && cursor.token === undefined;
  for (let used = 0; ;) {
    let answeredAt: number | undefined;
    try {
      const request = { ...pageRequest(range, cursor), attempts: PAGE_REQUESTS - used };
      const page = await store.send(
        request,
        (response) => {
          answeredAt = response.attempts;
          return readListing(response);
        },
        signal,
      );
      return isFirst && !page.isVersion2 ? 'no-version-2' : page;
    } catch (error) {
      if (isFirst && isUnknownVersion(error)) return 'no-version-2';
      // Without an answer the store itself has asked as often as it may.
      used += answeredAt ?? PAGE_REQUESTS;
      if (isCut(error) && used < PAGE_REQUESTS && !signal.aborted) continue;
      throw asS3Error(error);
    }
  }
}

const asS3Error = (error: unknown): unknown =>
  error instanceof BrokenListing ? broken(error.message) : error;

function isUnknownVersion(error: unknown): boolean {
  if (!(error instanceof S3Error) || ![400, 405, 501].includes(error.status)) return false;
  return NO_VERSION_2.includes(error.code);
}

/** Whether a page came that is not whole, which the next reading of it may be. */
function isCut(error: unknown): boolean {
  if (error instanceof Failure) return mayPass(error);
  return error instanceof BrokenListing;
}

function pageRequest({ prefix, after }: ListingRange, cursor: Cursor): S3Request {
  const query: [string, string][] = [['encoding-type', 'url']];
  if (prefix !== '') query.push(['prefix', prefix]);
  if (cursor.version === 1) {
    if (cursor.marker !== '') query.push(['marker', cursor.marker]);
  } else {
    query.push(['list-type', '2']);
    if (cursor.token !== undefined) query.push(['continuation-token', cursor.token]);
    else if (after !== '') query.push(['start-after', after]);
  }
  return { method: 'GET', key: undefined, query, headers: {}, body: undefined };
}

function nextCursor(cursor: Cursor, page: ListingPage, last: string): Cursor {
  if (cursor.version === 2) {
    if (page.nextToken !== undefined) return { version: 2, token: page.nextToken };
    throw broken('it goes on, but the token for its next page is missing');
  }
  // Version 1 names the next marker only where a delimiter was asked for, or never.
  const marker = page.nextMarker ?? page.objects.at(-1)?.key;
  if (marker !== undefined && compareKeys(marker, cursor.marker) > 0) {
    return { version: 1, marker: compareKeys(marker, last) < 0 ? last : marker };
  }
  throw broken(`it goes on, but not behind ${JSON.stringify(last)}`);
}

function checkOrder(key: string, last: string, prefix: string): void {
  if (compareKeys(key, last) <= 0) {
    throw broken(
      `after ${JSON.stringify(last)} it goes back to ${JSON.stringify(key)}, expected a later key`,
    );
  }
  if (!key.startsWith(prefix)) {
    throw broken(`it holds ${JSON.stringify(key)}, expected keys under ${JSON.stringify(prefix)}`);
  }
}

function broken(said: string): S3Error {
  return brokenAnswer(said, 'InvalidListing');
}
