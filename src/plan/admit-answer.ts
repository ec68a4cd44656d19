import type { KeyEntry } from '../model/entry.ts';
import type { Failure } from '../model/failure.ts';
import type { OriginHead } from '../model/origin.ts';
import type { StoreSettings } from '../model/rule.ts';
import { isPrivate } from './is-private.ts';
import { refusal } from './refusal.ts';

/** Endings of keys whose objects are never HTML pages. */
const MEDIA =
  /\.(?:avif|bmp|gif|heic|ico|jpe?g|png|svg|tiff?|webp|aac|flac|m4a|mp3|ogg|opus|wav|avi|flv|m3u8|m4v|mkv|mov|mp4|mpe?g|ts|webm|wmv|pdf|zip|gz|tgz|bz2|xz|zst|7z|rar|tar|woff2?|ttf|otf|wasm)$/i;

/**
 * What an answer's head already tells about whether its body may be stored.
 * @returns the failure that refuses it, or undefined. Nothing of the body has been read yet.
 */
export function refuseAnswer(
  entry: KeyEntry,
  head: OriginHead,
  store: StoreSettings,
): Failure | undefined {
  return refuseLength(entry, head, store) ?? refuseContent(entry, head, store);
}

function refuseLength(
  entry: KeyEntry,
  head: OriginHead,
  store: StoreSettings,
): Failure | undefined {
  const { length, framing } = head;
  const part = partOf(head);
  if (part !== undefined) return refusal('LENGTH_MISMATCH', entry.key, head, part);
  if (length === undefined) {
    if (store.requireLength) {
      const why = 'no Content-Length, and store.requireLength asks for one';
      return refusal('LENGTH_UNKNOWN', entry.key, head, why);
    }
    if (framing === 'close' && store.unknownLength === 'refuse') {
      const why = "only the closed connection marks the body's end (store.unknownLength: refuse)";
      return refusal('LENGTH_UNKNOWN', entry.key, head, why);
    }
    return undefined;
  }
  if (entry.size === undefined || entry.size === length) return undefined;
  const why = `Content-Length is ${length}, the list says ${entry.size} bytes`;
  return refusal('LENGTH_MISMATCH', entry.key, head, why);
}

/** A 200 whose Content-Range says that the body is only a part. */
function partOf({ headers, length }: OriginHead): string | undefined {
  const range = headers['content-range'];
  if (range === undefined) return undefined;
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range) ?? [];
  const isWhole = Number(first) === 0 && Number(last) + 1 === Number(total);
  if (isWhole && (length === undefined || length === Number(total))) return undefined;
  return `a 200 with Content-Range ${JSON.stringify(range)}, which is not the whole`;
}

function refuseContent(
  entry: KeyEntry,
  head: OriginHead,
  store: StoreSettings,
): Failure | undefined {
  const { headers, length } = head;
  if (length !== undefined) {
    const size = refuseSize(length, entry, head, store);
    if (size !== undefined) return size;
  }
  if (store.reject.htmlForMedia && isHtml(headers['content-type']) && MEDIA.test(entry.key)) {
    const why = 'an HTML page under a media key (store.reject.htmlForMedia)';
    return refusal('CONTENT_REJECTED', entry.key, head, why);
  }
  if (store.private === 'refuse' && isPrivate(headers)) {
    const why = 'the answer is private: Set-Cookie or Cache-Control (store.private: refuse)';
    return refusal('CONTENT_REJECTED', entry.key, head, why);
  }
  return undefined;
}

const isHtml = (type: string | undefined): boolean =>
  type !== undefined && /^text\/html\b/i.test(type);

/** The size limits of `store.reject`; asked again for bodies whose length nobody declared. */
export function refuseSize(
  bytes: number,
  entry: KeyEntry,
  head: OriginHead,
  store: StoreSettings,
): Failure | undefined {
  const { empty, maxSizeBytes } = store.reject;
  if (bytes > maxSizeBytes) {
    const why = `${bytes} bytes, store.reject.maxSize is ${maxSizeBytes}`;
    return refusal('CONTENT_REJECTED', entry.key, head, why);
  }
  if (bytes > 0 || !empty) return undefined;
  return refusal('CONTENT_REJECTED', entry.key, head, 'empty (store.reject.empty)');
}
