import type { OriginHead } from '../model/origin.ts';
import type { StoreSettings } from '../model/rule.ts';
import { USER_METADATA_PREFIXES } from './stored-metadata.ts';

/** What a later run judges the rest of a body by. */
const JUDGED = new Set([
  'etag',
  'last-modified',
  'accept-ranges',
  'content-encoding',
  'content-type',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
  'x-goog-hash',
]);

/**
 * The head of an answer as it may be written down: whatever else an origin sends may hold secrets,
 * cookies and echoes of the request among them.
 */
export function lastingHead(head: OriginHead, store: StoreSettings): OriginHead {
  const stored = new Set([...store.headers, ...store.metadataFrom.map(({ header }) => header)]);
  stored.delete('set-cookie');
  const isKept = (name: string): boolean =>
    JUDGED.has(name) ||
    stored.has(name) ||
    name.startsWith('x-amz-checksum-') ||
    (store.userMetadata && USER_METADATA_PREFIXES.some((prefix) => name.startsWith(prefix)));
  const headers = Object.entries(head.headers).filter(([name]) => isKept(name));
  return { ...head, headers: Object.fromEntries(headers) };
}
