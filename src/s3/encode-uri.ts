/** RFC 3986's unreserved characters, the only ones that SigV4 leaves as they are. */
const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;
const UNRESERVED_PATH = /^[A-Za-z0-9\-._~/]*$/;

/** What encodeURIComponent leaves and RFC 3986 reserves. */
const LEFT_OVER = /[!'()*]/g;

const NAME = 0;
const VALUE = 1;

/** One name with its value, neither of them encoded. */
export type QueryPair = readonly [name: string, value: string];

/** Percent-encodes everything but unreserved characters, as UTF-8, with upper-case digits. */
export function encodeUri(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text).replace(
    LEFT_OVER,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A key as the path of a URL carries it: slashes stay, nothing is normalised. */
export function encodeKey(key: string): string {
  return UNRESERVED_PATH.test(key) ? key : key.split('/').map(encodeUri).join('/');
}

/** A query as SigV4 wants it: encoded, sorted by encoded name and then value, `=` always there. */
export function canonicalQuery(query: readonly QueryPair[]): string {
  if (query.length === 0) return '';
  return query
    .map(([name, value]): QueryPair => [encodeUri(name), encodeUri(value)])
    .sort((one, other) => order(one[NAME], other[NAME]) || order(one[VALUE], other[VALUE]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Encoded text is ASCII, so its UTF-16 units are its bytes. */
function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
