import { elements, given, md5, type ConformanceCheck } from './s3-conformance-check.ts';
import type { ConformanceClient } from './s3-conformance-client.ts';

/** By their UTF-8 bytes; UTF-16 would have the last two the other way round. */
const ORDERED = ['l/A', 'l/a', 'l/a b', 'l/a+b', 'l/a/b', 'l/b', 'l/\ue000', 'l/\u{1f5c4}'];
const CONTROL = ['c/\u0001', 'c/\t', 'c/\r', 'c/<&>'];

async function prepare(client: ConformanceClient, keys: readonly string[]): Promise<void> {
  for (const key of keys) await given(client, key, key);
}

type Query = Readonly<Record<string, string>>;

/** The keys of all pages, one slash between pages. */
async function paged(
  client: ConformanceClient,
  query: Query,
  next: (document: string, keys: readonly string[]) => Query,
): Promise<string[][]> {
  const pages: string[][] = [];
  let position: Query = {};
  // More pages than there are keys is a loop.
  while (pages.length < 50) {
    const answer = await client.ask({ method: 'GET', query: { ...query, ...position } });
    if (answer.status !== 200) throw new Error(answer.verdict);
    const keys = elements(answer.text, 'Key');
    pages.push(keys);
    if (elements(answer.text, 'IsTruncated')[0] !== 'true') return pages;
    position = next(answer.text, keys);
  }
  throw new Error('the listing loops');
}

const byToken = (document: string): Query => ({
  'continuation-token': elements(document, 'NextContinuationToken')[0] ?? '',
});

const byMarker = (_document: string, keys: readonly string[]): Query => ({
  marker: keys.at(-1) ?? '',
});

const compared = (found: readonly string[], expected: readonly string[]): string =>
  JSON.stringify(found) === JSON.stringify(expected) ? 'in order' : JSON.stringify(found);

/** S3's url encoding has `+` for a space; a `%20` is as good. */
const decoded = (text: string): string => decodeURIComponent(text.replaceAll('+', '%20'));

/** How a bucket's keys are told. */
export const LISTING_CHECKS: readonly ConformanceCheck[] = [
  {
    name: 'lists by bytes, size and ETag with each',
    s3: `in order, 3, "${md5('l/A', 'hex')}"`,
    verdict: async (client) => {
      await prepare(client, ORDERED);
      const { text } = await client.ask({
        method: 'GET',
        query: { 'list-type': '2', prefix: 'l/' },
      });
      const [size = '-'] = elements(text, 'Size');
      const [etag = '-'] = elements(text, 'ETag');
      return `${compared(elements(text, 'Key'), ORDERED)}, ${size}, ${etag}`;
    },
  },
  {
    name: 'lists in pages by token',
    s3: 'in order, pages of 3',
    verdict: async (client) => {
      const query = { 'list-type': '2', prefix: 'l/', 'max-keys': '3' };
      const pages = await paged(client, query, byToken);
      return `${compared(pages.flat(), ORDERED)}, pages of ${String(pages[0]?.length)}`;
    },
  },
  {
    name: 'lists in pages by token, url-encoded',
    s3: 'in order, pages of 3',
    verdict: async (client) => {
      const query = {
        'list-type': '2',
        prefix: 'l/',
        'max-keys': '3',
        'encoding-type': 'url',
      };
      const pages = await paged(client, query, byToken);
      return `${compared(pages.flat().map(decoded), ORDERED)}, pages of ${String(pages[0]?.length)}`;
    },
  },
  {
    name: 'lists in pages by marker, version 1',
    s3: 'in order, pages of 3',
    verdict: async (client) => {
      const pages = await paged(client, { prefix: 'l/', 'max-keys': '3' }, byMarker);
      return `${compared(pages.flat(), ORDERED)}, pages of ${String(pages[0]?.length)}`;
    },
  },
  ...[2, 3, 7].map((at): ConformanceCheck => ({
    name: `lists what comes behind ${JSON.stringify(ORDERED[at])}`,
    s3: 'in order',
    verdict: async (client) => {
      const { text } = await client.ask({
        method: 'GET',
        query: { 'list-type': '2', prefix: 'l/', 'start-after': ORDERED[at] ?? '' },
      });
      return compared(elements(text, 'Key'), ORDERED.slice(at + 1));
    },
  })),
  {
    name: 'lists behind a key that is not there',
    s3: 'in order',
    verdict: async (client) => {
      const { text } = await client.ask({
        method: 'GET',
        query: { 'list-type': '2', prefix: 'l/', 'start-after': 'l/a/' },
      });
      return compared(elements(text, 'Key'), ORDERED.slice(4));
    },
  },
  {
    name: 'rolls keys up at a delimiter',
    s3: 'in order, l/a/',
    verdict: async (client) => {
      const { text } = await client.ask({
        method: 'GET',
        query: { 'list-type': '2', prefix: 'l/', delimiter: '/' },
      });
      const keys = ORDERED.filter((key) => key !== 'l/a/b');
      const [, prefix = '-'] = elements(text, 'Prefix');
      return `${compared(elements(text, 'Key'), keys)}, ${prefix}`;
    },
  },
  {
    name: 'lists control characters url-encoded',
    s3: 'in order',
    verdict: async (client) => {
      await prepare(client, CONTROL);
      const { text } = await client.ask({
        method: 'GET',
        query: { 'list-type': '2', prefix: 'c/', 'encoding-type': 'url' },
      });
      return compared(elements(text, 'Key').map(decoded), [...CONTROL].sort());
    },
  },
  {
    name: 'gives no keys where none are asked for',
    s3: '200 0 false',
    verdict: async (client) => {
      const { verdict, text } = await client.ask({
        method: 'GET',
        query: { 'list-type': '2', prefix: 'l/', 'max-keys': '0' },
      });
      const [truncated = '-'] = elements(text, 'IsTruncated');
      return `${verdict} ${String(elements(text, 'Key').length)} ${truncated}`;
    },
  },
];
