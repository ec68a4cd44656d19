import type { DifferingOrigin } from '../model/event.ts';
import type { OriginHead } from '../model/origin.ts';

/**
 * The length that an earlier answer of the same address declared for what, by its validators, is
 * the same version: a cache that kept a cut body declares the cut length as if it were the whole.
 */
export function lengthSaidBefore(
  earlier: readonly OriginHead[],
  head: OriginHead,
): number | undefined {
  if (earlier.length === 0) return undefined;
  return earlier.find((one) => one.length !== undefined && isSameVersion(one, head))?.length;
}

function isSameVersion(one: OriginHead, other: OriginHead): boolean {
  const alike = ['etag', 'last-modified', 'content-encoding'];
  return one.origin === other.origin && alike.every((n) => one.headers[n] === other.headers[n]);
}

/**
 * The other addresses that were asked for the object before and declared another length for it.
 * Their bytes are never mixed with what was stored; that they differ is worth knowing.
 */
export function differingOrigins(
  earlier: readonly OriginHead[],
  stored: OriginHead,
  bytes: number,
): readonly DifferingOrigin[] {
  // Nearly always the only answer is the one that was stored.
  if (earlier.length === 1 && earlier[0] === stored) return [];
  const found = new Map<string, DifferingOrigin>();
  for (const { origin, length, headers } of earlier) {
    const isOther = origin !== stored.origin && length !== undefined && length !== bytes;
    if (isOther && headers['content-encoding'] === stored.headers['content-encoding']) {
      found.set(origin, { origin, bytes: length });
    }
  }
  return [...found.values()];
}
