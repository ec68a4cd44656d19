import { Failure } from '../model/failure.ts';
import type { ReadBody } from '../transfer/read-bodies.ts';
import { readBothBodies } from '../transfer/read-both-bodies.ts';
import { wrongSize } from './compare-listed.ts';
import { type Comparison, type Pair, questionFor } from './comparison.ts';
import { different, GONE, type Verdict } from './verdict.ts';

/**
 * Reads the bodies of both sides at once and compares their lengths and SHA-256. What the list says
 * of the origin's is not asked by its gate.
 * @throws Failure where one of them can't be read to its end.
 */
export async function compareBodies(
  comparison: Comparison,
  pair: Pair,
  signal: AbortSignal,
): Promise<Verdict> {
  const { source, request } = await questionFor(comparison, pair, 'GET');
  const withMd5 = pair.expected.md5 !== undefined;
  const { store } = pair.rule;
  try {
    const sides = { ...comparison, origin: source.origin, request, store, withMd5 };
    const { origin, bucket } = await readBothBodies(sides, signal);
    return bucket === undefined ? { outcome: 'missing' } : compareRead(pair, origin, bucket);
  } catch (error) {
    if (error instanceof Failure && error.code === 'ORIGIN_NOT_FOUND') return GONE;
    throw error;
  }
}

/** The list's MD5 is the origin's word as well: it must be that of the body that both have. */
function compareRead({ expected: { md5 } }: Pair, origin: ReadBody, bucket: ReadBody): Verdict {
  const { bytes, sha256 } = bucket;
  if (bytes !== origin.bytes) return wrongSize(bytes, origin.bytes, origin.from);
  if (sha256 !== origin.sha256) {
    const said = `expected ${origin.sha256} (${origin.from})`;
    return different(`its bytes differ: SHA-256 ${sha256} in the bucket, ${said}`);
  }
  if (md5 !== undefined && bucket.md5 !== md5) {
    return different(`both sides have MD5 ${bucket.md5 ?? ''}, expected ${md5} (the list)`);
  }
  return { outcome: 'equal', bytes, sha256 };
}
