import { compareKeys } from '../model/object-key.ts';
import type { S3ListedObject } from './listed-object.ts';
import { BrokenListing, readListing } from './read-listing.ts';
import { S3Error } from './s3-error.ts';
import type { S3Store } from './s3-store.ts';

/** The first level below a prefix. */
export interface ListedLevel {
  readonly objects: readonly S3ListedObject[];
  /** Whole, each with its final `/`. */
  readonly prefixes: readonly string[];
}

const DELIMITER = '/';

/**
 * What lies right below a prefix, by one request of ListObjectsV2 with a delimiter.
 * @returns undefined where one page does not hold the level for certain: it is longer, the store
 * does not know the request, or its answer does not fit. `listPages` then tells what there is.
 * @throws S3Error; Failure as `S3Store.send`.
 */
export async function listLevel(
  store: Pick<S3Store, 'send'>,
  prefix: string,
  signal: AbortSignal,
): Promise<ListedLevel | undefined> {
  const query: [string, string][] = [
    ['encoding-type', 'url'],
    ['list-type', '2'],
    ['delimiter', DELIMITER],
  ];
  if (prefix !== '') query.push(['prefix', prefix]);
  try {
    const request = { method: 'GET', key: undefined, query, headers: {}, body: undefined } as const;
    const page = await store.send(request, readListing, signal);
    if (page.isTruncated || !page.isVersion2) return undefined;
    const { objects, prefixes } = page;
    const isFit =
      isAscending(objects.map(({ key }) => key)) &&
      isAscending(prefixes) &&
      objects.every(({ key }) => key.startsWith(prefix)) &&
      prefixes.every((each) => isBelow(each, prefix));
    return isFit ? { objects, prefixes } : undefined;
  } catch (error) {
    if (error instanceof BrokenListing || isUnknown(error)) return undefined;
    throw error;
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof S3Error && [400, 405, 501].includes(error.status);
}

/** Exactly one level below: else two prefixes could hold the same keys. */
function isBelow(text: string, prefix: string): boolean {
  return (
    text.startsWith(prefix) &&
    text.length > prefix.length &&
    text.indexOf(DELIMITER, prefix.length) === text.length - 1
  );
}

function isAscending(texts: readonly string[]): boolean {
  return texts.every((text, index) => {
    const before = texts[index - 1];
    return before === undefined || compareKeys(before, text) < 0;
  });
}
