import mime from 'mime';
import type { ObjectMetadata } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import { type ObjectKey, utf8Length } from '../model/object-key.ts';
import type { OriginHead } from '../model/origin.ts';
import type { Headers } from '../model/ports.ts';
import type { StoreSettings } from '../model/rule.ts';
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
  const bytes = metadataBytes(kept.metadata);
  if (bytes <= MAX_METADATA_BYTES) return kept;
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
  // A name may be anything, `__proto__` too.
  const metadata = new Map(store.userMetadata ? userMetadata(head.headers) : []);
  for (const name of store.headers) {
    const value = head.headers[name];
    if (value === undefined || name === 'set-cookie') continue;
    if (S3_FIELDS.has(name)) headers[name] = headerText(value);
    else metadata.set(HEADER_AS_METADATA + name, headerText(value));
  }
  for (const { header, name } of store.metadataFrom) {
    const value = head.headers[header];
    if (value !== undefined) metadata.set(name, headerText(value));
  }
  const type = contentType(key, headers['content-type'], store);
  if (type !== undefined) headers['content-type'] = type;
  const origin = store.originValidators ? originNotes(head) : {};
  return { headers, metadata: withNotes(Object.fromEntries(metadata), origin) };
}

function userMetadata(headers: Headers): (readonly [name: string, text: string])[] {
  return USER_METADATA_PREFIXES.flatMap((prefix) =>
    Object.entries(headers)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), headerText(value)] as const),
  );
}

/** Validators stay as they came: they are compared with, and sent to, the origin again. */
function originNotes(head: OriginHead): Record<string, string> {
  const notes: Record<string, string> = {};
  const etag = head.headers['etag'];
  const lastModified = head.headers['last-modified'];
  if (etag !== undefined) notes[STORED_ETAG] = etag;
  if (lastModified !== undefined) notes[STORED_LAST_MODIFIED] = lastModified;
  // A base's own query may hold a secret; a key's `?` is percent-encoded and no query.
  notes[STORED_URL] = head.url.replace(/\?.*$/s, '');
  return notes;
}

/** The note of the URL makes room where it has to. */
function withNotes(metadata: Headers, notes: Headers): Headers {
  const all = { ...metadata, ...notes };
  if (metadataBytes(all) <= MAX_METADATA_BYTES) return all;
  return Object.fromEntries(Object.entries(all).filter(([name]) => name !== STORED_URL));
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
  const guessed = guess === 'never' ? undefined : (mime.getType(key) ?? undefined);
  return guess === 'always' ? (guessed ?? fromOrigin) : (fromOrigin ?? guessed);
}
