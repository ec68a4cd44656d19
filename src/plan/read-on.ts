import type { OriginHead, ReadOn } from '../model/origin.ts';

/**
 * How to ask for the rest of a body that broke off.
 * @param head of the answer that the bytes came with
 * @param received bytes that are there
 * @returns undefined where no later answer could be held to be of the same version: without a
 * strong validator and a known length every further try starts at byte 0.
 */
export function readOn(head: OriginHead, received: number): ReadOn | undefined {
  const etag = strongEtag(head);
  const total = head.length;
  if (etag === undefined || total === undefined || received === 0 || received >= total) {
    return undefined;
  }
  if (/^none$/i.test(head.headers['accept-ranges'] ?? '')) return undefined;
  return { offset: received, etag, total };
}

/** Weak ETags, and dates, name versions that may differ in their bytes (RFC 9110, 8.8.1). */
function strongEtag({ headers }: OriginHead): string | undefined {
  const etag = headers['etag'] ?? '';
  return /^"[^"]+"$/.test(etag) ? etag : undefined;
}

/**
 * Whether an answer is just what was asked for: of the same version, in the same encoding, from the
 * byte that is missing to the last one.
 * @param asked what was asked for
 * @param begun the head of the answer that the first bytes came with
 */
export function isTheRest(asked: ReadOn, begun: OriginHead, head: OriginHead): boolean {
  if (head.status !== 206 || head.origin !== begun.origin) return false;
  // An ETag names a version of one resource: a redirect to another has nothing to go on with.
  if (head.url !== begun.url) return false;
  if (head.headers['etag'] !== asked.etag) return false;
  if (head.headers['content-encoding'] !== begun.headers['content-encoding']) return false;
  const last = asked.total - 1;
  if (head.headers['content-range'] !== `bytes ${asked.offset}-${last}/${asked.total}`) {
    return false;
  }
  return head.length === undefined || head.length === asked.total - asked.offset;
}
