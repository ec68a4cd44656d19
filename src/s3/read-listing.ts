import { isAscii } from 'node:buffer';

import type { S3ListedObject } from './listed-object.ts';
import { xmlReader } from './read-xml.ts';
import type { S3Response } from './s3-store.ts';
import { scanContents } from './scan-contents.ts';

/** One answer to a listing, of either version. */
export interface ListingPage {
  readonly objects: readonly S3ListedObject[];
  /** Common prefixes, where a delimiter was asked for. */
  readonly prefixes: readonly string[];
  readonly isTruncated: boolean;
  readonly nextToken: string | undefined;
  readonly nextMarker: string | undefined;
  /** The answer has what only version 2 has. */
  readonly isVersion2: boolean;
}

/** A thousand keys of 1,024 bytes, each percent-encoded, take about 4 MB. */
const MAX_LISTING_BYTES = 32 * 1024 * 1024;

const ROOT = 'ListBucketResult';
const CONTENTS = `${ROOT}/Contents`;
const COMMON_PREFIX = `${ROOT}/CommonPrefixes/Prefix`;

/** The fields before the objects; a token or a prefix may be of some kilobytes. */
const MAX_USUAL_START = 16 * 1024;

/** The root, and below it elements that have nothing but text. */
const USUAL_START =
  /^(?:<\?xml [^<>?]*\?>)?\s*<ListBucketResult(?: xmlns="[^"<>]*")?>\s*(?:<(\w+)>[^<>]*<\/\1>\s*|<\w+ ?\/>\s*)*$/;

/** What is wrong with an answer that ought to be a listing; ends a sentence. */
export class BrokenListing extends Error {
  override readonly name = 'BrokenListing';
}

/**
 * Reads a listing.
 * @throws BrokenListing for what is no whole, plain listing; what the body throws.
 */
export async function readListing(response: S3Response): Promise<ListingPage> {
  const bytes = await wholeBody(response);
  return scanPage(bytes) ?? parsePage(bytes);
}

async function wholeBody(response: S3Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let read = 0;
  await response.pipeTo((chunk) => {
    read += chunk.length;
    if (read > MAX_LISTING_BYTES) throw new BrokenListing('one page has more than 32 MiB');
    chunks.push(chunk);
  });
  return Buffer.concat(chunks, read);
}

/** What is not about an object of its own. */
interface Frame {
  /** By their paths below the root. */
  readonly fields: ReadonlyMap<string, string>;
  readonly prefixes: readonly string[];
}

/**
 * A page whose objects are written as usual: only what stands before and behind them is read as XML.
 * Nothing before them may be more than plain elements, so that they stand right below the root.
 */
function scanPage(bytes: Buffer): ListingPage | undefined {
  const from = bytes.indexOf('<Contents>');
  const to = bytes.lastIndexOf('</Contents>') + '</Contents>'.length;
  if (from < 0 || from > MAX_USUAL_START || to < from || !isAscii(bytes)) return undefined;
  const before = bytes.toString('latin1', 0, from);
  const behind = bytes.toString('latin1', to);
  if (!USUAL_START.test(before) || /Contents|<!/.test(behind)) return undefined;
  const frame = frameOf([before, behind]);
  const decoded = decoderOf(frame);
  const objects = unlessBroken(() => scanContents(bytes, from, to, decoded));
  return objects && pageOf(frame, objects, decoded);
}

/** A key that is wrong may stand on a page that is worse: that is for the XML reader to tell. */
function unlessBroken<T>(scan: () => T): T | undefined {
  try {
    return scan();
  } catch (error) {
    if (error instanceof BrokenListing) return undefined;
    throw error;
  }
}

/** Any page. */
function parsePage(bytes: Buffer): ListingPage {
  const found: Map<string, string>[] = [];
  let current = new Map<string, string>();
  const frame = frameOf([utf8Text(bytes)], (path, text) => {
    if (path === CONTENTS) {
      found.push(current);
      current = new Map();
    } else {
      current.set(path.slice(CONTENTS.length + 1), text);
    }
  });
  const decoded = decoderOf(frame);
  const objects = found.map((contents) => objectOf(contents, decoded));
  return pageOf(frame, objects, decoded);
}

function utf8Text(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new BrokenListing('the listing is not UTF-8', { cause: error });
  }
}

/**
 * Reads a document as XML.
 * @param onContents told of what is in, or is, the element of an object
 */
function frameOf(
  texts: readonly string[],
  onContents: (path: string, text: string) => void = () => undefined,
): Frame {
  const fields = new Map<string, string>();
  const prefixes: string[] = [];
  const reader = xmlReader({
    onClose: (path, text) => {
      if (path === CONTENTS || path.startsWith(`${CONTENTS}/`)) onContents(path, text);
      else if (path === COMMON_PREFIX) prefixes.push(text);
      else fields.set(path.slice(ROOT.length + 1), text);
    },
  });
  for (const text of texts) reader.write(text);
  const root = reader.end();
  if (root === undefined) throw new BrokenListing('the listing is cut: its XML has no end');
  if (root !== ROOT) throw new BrokenListing(`the answer is no listing but <${root.slice(0, 60)}>`);
  return { fields, prefixes };
}

function decoderOf({ fields }: Frame): (text: string) => string {
  return fields.get('EncodingType')?.trim() === 'url' ? urlDecoded : (text) => text;
}

function pageOf(
  { fields, prefixes }: Frame,
  objects: readonly S3ListedObject[],
  decoded: (text: string) => string,
): ListingPage {
  const isTruncated = fields.get('IsTruncated')?.trim();
  if (isTruncated !== 'true' && isTruncated !== 'false') {
    throw new BrokenListing('the listing does not say whether it goes on (IsTruncated)');
  }
  const nextMarker = fields.get('NextMarker') || undefined;
  return {
    objects,
    prefixes: prefixes.map(decoded),
    isTruncated: isTruncated === 'true',
    nextToken: fields.get('NextContinuationToken') || undefined,
    nextMarker: nextMarker === undefined ? undefined : decoded(nextMarker),
    isVersion2: fields.has('KeyCount') || fields.has('NextContinuationToken'),
  };
}

function objectOf(
  contents: ReadonlyMap<string, string>,
  decoded: (text: string) => string,
): S3ListedObject {
  const key = decoded(contents.get('Key') ?? '');
  if (key === '') throw new BrokenListing('it holds an object without a key');
  const size = contents.get('Size')?.trim() ?? '';
  const lastModifiedMs = Date.parse(contents.get('LastModified') ?? '');
  if (!/^\d{1,15}$/.test(size) || Number.isNaN(lastModifiedMs)) {
    throw new BrokenListing(`the object ${JSON.stringify(key)} has no size or no date`);
  }
  return {
    key,
    size: Number(size),
    etag: quoted(contents.get('ETag')?.trim() ?? ''),
    lastModifiedMs,
    storageClass: contents.get('StorageClass')?.trim() || undefined,
  };
}

/** As forms are encoded: AWS, radosgw and others write a space as `+` and a plus as `%2B`. */
function urlDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    const line = `the key ${JSON.stringify(text)} is not properly percent-encoded UTF-8`;
    throw new BrokenListing(line, { cause: error });
  }
}

function quoted(etag: string): string {
  return etag === '' || etag.endsWith('"') ? etag : `"${etag}"`;
}
