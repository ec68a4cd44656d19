import type { KeyEntry } from '../model/entry.ts';
import type { Failure } from '../model/failure.ts';
import type { OriginHead } from '../model/origin.ts';
import { inSeconds, opaqueTag } from '../plan/named-version.ts';
import { refusal } from '../plan/refusal.ts';

/**
 * Whether an answer is of another version than the list declares. ETags are compared without
 * quotes and `W/`, which lists leave out; times by their seconds, which is all that HTTP tells. An
 * answer that does not tell can't be held against the list, so it is refused as well.
 * @returns the failure `ORIGIN_CHANGED`, or undefined.
 */
export function refuseVersion(entry: KeyEntry, head: OriginHead): Failure | undefined {
  const { etag, lastModifiedMs } = entry;
  const answered = head.headers['etag'];
  if (etag !== undefined && (answered === undefined || opaqueTag(answered) !== opaqueTag(etag))) {
    return changed(entry, head, 'ETag', answered, etag);
  }
  if (lastModifiedMs === undefined) return undefined;
  const modified = head.headers['last-modified'];
  if (inSeconds(Date.parse(modified ?? '')) === inSeconds(lastModifiedMs)) return undefined;
  const declared = new Date(lastModifiedMs).toUTCString();
  return changed(entry, head, 'Last-Modified', modified, declared);
}

function changed(
  { key }: KeyEntry,
  head: OriginHead,
  header: string,
  answered: string | undefined,
  declared: string,
): Failure {
  const got = answered === undefined ? `no ${header}` : `the ${header} ${answered}`;
  const why = `the answer has ${got}, the list says ${declared}: the object is another, or the list is of another server`;
  return refusal('ORIGIN_CHANGED', key, head, why);
}
