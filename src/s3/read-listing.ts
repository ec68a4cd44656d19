import type { S3Response } from './s3-store.ts';
import { xmlReader } from './read-xml.ts';

/** What a listing tells of an object. */
export interface S3ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** With its quotes; '' where the store gives none. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly lastModifiedMs: number;
  readonly storageClass: string | undefined;
}

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

/** What is wrong with an answer that ought to be a listing; ends a sentence. */
export class BrokenListing extends Error {
  override readonly name = 'BrokenListing';
}

/**
 * Reads a listing as it comes.
 * @throws BrokenListing for what is no whole, plain listing; what the body throws.
 */
export async function readListing(response: S3Response): Promise<ListingPage> {
  const fields = new Map<string, string>();
  const found: Map<string, string>[] = [];
  const prefixes: string[] = [];
  let current = new Map<string, string>();
  const reader = xmlReader({
    onClose: (path, text) => {
      if (path === CONTENTS) {
        found.push(current);
        current = new Map();
      } else if (path.startsWith(`${CONTENTS}/`)) {
        current.set(path.slice(CONTENTS.length + 1), text);
      } else if (path === COMMON_PREFIX) {
        prefixes.push(text);
      } else {
        fields.set(path.slice(ROOT.length + 1), text);
      }
    },
  });
  await feed(response, (text) => {
    reader.write(text);
  });
  const root = reader.end();
  if (root === undefined) throw new BrokenListing('the listing is cut: its XML has no end');
  if (root !== ROOT) throw new BrokenListing(`the answer is no listing but <${root.slice(0, 60)}>`);
  return pageOf(fields, found, prefixes);
}

async function feed(response: S3Response, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let read = 0;
  const decode = (chunk: Uint8Array | undefined): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (error) {
      throw new BrokenListing('the listing is not UTF-8', { cause: error });
    }
  };
  await response.pipeTo((chunk) => {
    read += chunk.length;
    if (read > MAX_LISTING_BYTES) throw new BrokenListing('one page has more than 32 MiB');
    take(decode(chunk));
  });
  take(decode(undefined));
}

function pageOf(
  fields: ReadonlyMap<string, string>,
  found: readonly ReadonlyMap<string, string>[],
  prefixes: readonly string[],
): ListingPage {
  const isTruncated = fields.get('IsTruncated')?.trim();
  if (isTruncated !== 'true' && isTruncated !== 'false') {
    throw new BrokenListing('the listing does not say whether it goes on (IsTruncated)');
  }
  const isEncoded = fields.get('EncodingType')?.trim() === 'url';
  const decoded = (text: string): string => (isEncoded ? urlDecoded(text) : text);
  const nextMarker = fields.get('NextMarker') || undefined;
  return {
    objects: found.map((contents) => objectOf(contents, decoded)),
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
