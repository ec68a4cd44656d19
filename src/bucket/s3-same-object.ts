import type { ObjectMetadata } from '../model/bucket.ts';
import type { Headers } from '../model/ports.ts';
import { judgeEtag } from './s3-etag.ts';
import type { S3Head } from './s3-head.ts';

/** What was sent to be stored. */
export interface SentObject {
  readonly sizeBytes: number;
  /** Hex digits: the ETag of the object where the store's ETags are MD5s. */
  readonly etag: string;
  readonly metadata: ObjectMetadata;
}

function sameMetadata(stored: Headers, sent: Headers): boolean {
  const names = Object.keys(sent);
  if (names.length !== Object.keys(stored).length) return false;
  return names.every((name) => stored[name.toLowerCase()] === sent[name]);
}

/**
 * Whether what a HEAD shows is what was sent.
 * @param whose `own`: the store said that it took our bytes, so size decides where the ETag says
 * nothing; `anybody`: another writer may have been first, so then the metadata must agree as well.
 */
export function isSameObject(head: S3Head, sent: SentObject, whose: 'own' | 'anybody'): boolean {
  const { object } = head;
  if (object.size !== sent.sizeBytes) return false;
  switch (judgeEtag(object.etag, sent.etag, head.hidesMd5)) {
    case 'same':
      return true;
    case 'other':
      return false;
    case 'opaque':
    case 'absent':
      return whose === 'own' || sameMetadata(object.metadata, sent.metadata.metadata);
  }
}
