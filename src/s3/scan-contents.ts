import {
  CONTROL,
  ENTITY,
  ESCAPED,
  isAt,
  kindsIn,
  ListingBytes,
  QUOTE,
  SPACE,
  tagsOf,
  Unusual,
} from './listing-bytes.ts';
import type { S3ListedObject } from './listed-object.ts';
import { timeInBytes } from './time-in-bytes.ts';

/** Sizes of more digits are left to whoever knows what to make of them. */
const MAX_DIGITS = 15;

const ZERO = 0x30;

const CONTENTS = tagsOf('Contents');
const OWNER = tagsOf('Owner');
const KEY = tagsOf('Key');
const LAST_MODIFIED = tagsOf('LastModified');
const ETAG = tagsOf('ETag');
const SIZE = tagsOf('Size');
const STORAGE_CLASS = tagsOf('StorageClass');

const STANDARD = Buffer.from('STANDARD');

/** How stores write the quotes of an ETag. */
const QUOTES = ['&quot;', '&#34;', '"'].map((text) => Buffer.from(text));

/**
 * Reads the objects of a listing that is all ASCII and written as stores usually do: one
 * `<Contents>` behind the other, without attributes, entities in keys, or anything nested but an
 * owner. It takes a small part of the time that an XML reader does, which is for all else.
 * @param from where the first `<Contents>` begins
 * @param to the byte behind the last `</Contents>`
 * @param decoded what a key's text stands for; what it throws comes through
 * @returns undefined where anything at all is unusual
 */
export function scanContents(
  bytes: Buffer,
  from: number,
  to: number,
  decoded: (text: string) => string,
): readonly S3ListedObject[] | undefined {
  const objects: S3ListedObject[] = [];
  const scan = new ListingBytes(bytes, from);
  try {
    while (scan.at < to) {
      objects.push(objectAt(scan, decoded));
      scan.skipSpace();
    }
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
  return scan.at === to ? objects : undefined;
}

function objectAt(scan: ListingBytes, decoded: (text: string) => string): S3ListedObject {
  let key = '';
  let size = -1;
  let etag = '';
  let lastModifiedMs = NaN;
  let storageClass: string | undefined;
  if (!scan.skips(CONTENTS.open)) throw new Unusual();
  scan.skipSpace();
  // In the order in which nearly all stores write them.
  while (!scan.skips(CONTENTS.close)) {
    if (scan.reads(KEY)) key = keyOf(scan, decoded);
    else if (scan.reads(LAST_MODIFIED)) lastModifiedMs = timeOf(scan);
    else if (scan.reads(ETAG)) etag = etagOf(scan);
    else if (scan.reads(SIZE)) size = sizeOf(scan);
    else if (scan.reads(STORAGE_CLASS)) storageClass = storageClassOf(scan);
    else skipOther(scan);
    scan.skipSpace();
  }
  if (key === '' || size < 0 || Number.isNaN(lastModifiedMs)) throw new Unusual();
  return { key, size, etag, lastModifiedMs, storageClass };
}

function skipOther(scan: ListingBytes): void {
  if (!scan.skips(OWNER.open)) {
    scan.skipElement();
    return;
  }
  scan.skipSpace();
  while (!scan.skips(OWNER.close)) {
    scan.skipElement();
    scan.skipSpace();
  }
}

function keyOf(scan: ListingBytes, decoded: (text: string) => string): string {
  if ((scan.kinds & (ENTITY | CONTROL)) !== 0) throw new Unusual();
  return (scan.kinds & ESCAPED) === 0 ? scan.text() : decoded(scan.text());
}

function timeOf(scan: ListingBytes): number {
  if ((scan.kinds & (ENTITY | CONTROL | SPACE)) !== 0) throw new Unusual();
  return timeInBytes(scan.bytes, scan.start, scan.end) ?? Date.parse(scan.text());
}

function sizeOf({ bytes, start, end }: ListingBytes): number {
  if (end === start || end - start > MAX_DIGITS) throw new Unusual();
  let size = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) throw new Unusual();
    size = size * 10 + digit;
  }
  return size;
}

function storageClassOf(scan: ListingBytes): string | undefined {
  if ((scan.kinds & (ENTITY | CONTROL | SPACE)) !== 0) throw new Unusual();
  const { bytes, start, end } = scan;
  // Nearly all objects: their name need not be made anew each time.
  if (end - start === STANDARD.length && isAt(bytes, start, STANDARD)) return 'STANDARD';
  return scan.text() || undefined;
}

/** In one pair of quotes, however they are written, or in none. */
function etagOf(scan: ListingBytes): string {
  const { bytes, start, end, kinds } = scan;
  if ((kinds & (CONTROL | SPACE)) !== 0) throw new Unusual();
  if ((kinds & (ENTITY | QUOTE)) === 0) return start === end ? '' : `"${scan.text()}"`;
  const quote = QUOTES.find((one) => isAt(bytes, start, one));
  if (quote === undefined) throw new Unusual();
  const from = start + quote.length;
  const to = end - quote.length;
  if (to < from || !isAt(bytes, to, quote)) throw new Unusual();
  if ((kindsIn(bytes, from, to) & (ENTITY | QUOTE)) !== 0) throw new Unusual();
  return `"${bytes.toString('latin1', from, to)}"`;
}
