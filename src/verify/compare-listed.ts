import type { ListedObject } from '../model/bucket.ts';
import type { VerifyLevel } from '../model/event.ts';
import { isSameMd5 } from './compare-versions.ts';
import type { ExpectedObject } from './expected-object.ts';
import { different, type Verdict } from './verdict.ts';

/**
 * What two listings alone tell of a key that both have.
 * @returns undefined where bucket or origin must be asked
 */
export function compareListed(
  level: VerifyLevel,
  expected: ExpectedObject,
  { size, etag }: Pick<ListedObject, 'size' | 'etag'>,
): Verdict | undefined {
  if (level === 'exists') return { outcome: 'equal', bytes: undefined, sha256: undefined };
  if (expected.isContradicted === true) return CONTRADICTED;
  if (expected.size !== undefined && expected.size !== size) {
    return wrongSize(size, expected.size, 'as listed');
  }
  const isEnough =
    (level === 'size' && expected.size !== undefined) ||
    (level === 'etag' && isSameMd5(expected, etag));
  return isEnough ? { outcome: 'equal', bytes: size, sha256: undefined } : undefined;
}

const CONTRADICTED: Verdict = {
  outcome: 'unverifiable',
  message: 'the list names the key more than once, and tells different things of it',
};

/** @param by who expects it */
export function wrongSize(bytes: number, expected: number, by: string): Verdict {
  return different(`it has ${bytes} bytes in the bucket, expected ${expected} (${by})`);
}
