import mime from 'mime';
import type { ObjectMetadata } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import { type ObjectKey, utf8Length } from '../model/object-key.ts';
import type { OriginHead } from '../model/origin.ts';
import type { Headers } from '../model/ports.ts';
import type { StoreSettings } from '../model/rule.ts';
import { setHeader } from '../model/set-header.ts';
import { headerText } from './header-text.ts';

/** Names of the user metadata in which the origin's version and address are kept. */
export const STORED_ETAG = 'bucketfill-etag';
export const STORED_LAST_MODIFIED = 'bucketfill-last-modified';
export const STORED_URL = 'bucketfill-url';

/** Names of user metadata that this program writes start with this. */
export const OWN_METADATA = 'bucketfill-';

/** User metadata that holds a stored header for which S3 has no field starts with this. */
export const HEADER_AS_METADATA = 'bucketfill-header-';

/**
 * S3 accepts 2 KB of user metadata: the bytes of names and values in UTF-8, whatever they are
 * encoded in on their way (AWS S3 User Guide). Stores that count what is sent may refuse less.
 */
const MAX_METADATA_BYTES = 2048;

/** Headers that S3 keeps in fields of their own (PutObject). */
const S3_FIELDS = new Set([
  'content-type',
  'content-encoding',
  'content-disposition',
  'content-language',
  'cache-control',
  'expires',
]);

/** How other stores spell user metadata; S3's own spelling wins where one name comes twice. */
export const USER_METADATA_PREFIXES = [
  'x-bce-meta-',
  'x-obs-meta-',
  'x-cos-meta-',
  'x-oss-meta-',
  'x-amz-meta-',
];

/**
 * What is kept beside an object, from the origin's answer and the rule: texts, whatever bytes the
 * headers had.
 * @throws Failure `METADATA_TOO_LARGE` where the origin's own metadata is over S3's limit; only our
 * own note of the URL is left out to make room.
 */
export function storedMetadata(
  key: ObjectKey,
  head: OriginHead,
  store: StoreSettings,
): ObjectMetadata {
  const kept = shownMetadata(key, head, store);
  if (fits(kept.metadata)) return kept;
  const bytes = metadataBytes(kept.metadata);
  throw new Failure(
    'METADATA_TOO_LARGE',
    `${key}: the origin's metadata has ${bytes} bytes, S3 accepts at most ${MAX_METADATA_BYTES}; ` +
      'set store.userMetadata: false, or name fewer headers under store',
  );
}

/**
 * What {@link storedMetadata} keeps, for who shows it to a client: of any size, so that an object is
 * shown with what it can't be stored with.
 */
export function shownMetadata(
  key: ObjectKey,
  head: OriginHead,
  store: StoreSettings,
): ObjectMetadata {
  const headers: Record<string, string> = {};
  const metadata: Record<string, string> = {};
  if (store.userMetadata) addUserMetadata(metadata, head.headers);
  for (const name of store.headers) {
    const value = head.headers[name];
    if (value === undefined || name === 'set-cookie') continue;
    if (S3_FIELDS.has(name)) headers[name] = headerText(value);
    else setHeader(metadata, HEADER_AS_METADATA + name, headerText(value));
  }
  for (const { header, name } of store.metadataFrom) {
    const value = head.headers[header];
    if (value !== undefined) setHeader(metadata, name, headerText(value));
  }
  const type = contentType(key, headers['content-type'], store);
  if (type !== undefined) headers['content-type'] = type;
  if (store.originValidators) addOriginNotes(metadata, head);
  return { headers, metadata: fits(metadata) ? metadata : withoutUrl(metadata) };
}

function addUserMetadata(metadata: Record<string, string>, headers: Headers): void {
  const names = Object.keys(headers);
  // Few answers have any, so most are looked through once and not once for each prefix.
  if (!names.some(mayBeUserMetadata)) return;
  for (const prefix of USER_METADATA_PREFIXES) {
    for (const name of names) {
      if (!name.startsWith(prefix)) continue;
      setHeader(metadata, name.slice(prefix.length), headerText(headers[name] ?? ''));
    }
  }
}

const mayBeUserMetadata = (name: string): boolean =>
  name.startsWith('x-') && name.includes('-meta-');

/** Validators stay as they came: they are compared with, and sent to, the origin again. */
function addOriginNotes(metadata: Record<string, string>, { headers, url }: OriginHead): void {
  const etag = headers['etag'];
  const lastModified = headers['last-modified'];
  if (etag !== undefined) metadata[STORED_ETAG] = etag;
  if (lastModified !== undefined) metadata[STORED_LAST_MODIFIED] = lastModified;
  // A base's own query may hold a secret; a key's `?` is percent-encoded and no query.
  const query = url.indexOf('?');
  metadata[STORED_URL] = query === -1 ? url : url.slice(0, query);
}

/** The note of the URL makes room where it has to. */
function withoutUrl(metadata: Headers): Headers {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== STORED_URL));
}

function fits(metadata: Headers): boolean {
  let units = 0;
  for (const name of Object.keys(metadata)) units += name.length + (metadata[name] ?? '').length;
  // One UTF-16 unit is at most three bytes, so most metadata is cleared without being encoded.
  return units * 3 <= MAX_METADATA_BYTES || metadataBytes(metadata) <= MAX_METADATA_BYTES;
}

function metadataBytes(metadata: Headers): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) bytes += utf8Length(name + value);
  return bytes;
}

function contentType(
  key: ObjectKey,
  fromOrigin: string | undefined,
  store: StoreSettings,
): string | undefined {
  const { guess, override } = store.contentType;
  for (const { suffix, type } of override) if (key.endsWith(suffix)) return type;
  if (guess === 'never' || (guess === 'missing' && fromOrigin !== undefined)) return fromOrigin;
  return mime.getType(key) ?? fromOrigin;
}
