import type { KeyEntry } from '../model/entry.ts';

/** What ought to be in the bucket: a key with what a list, a manifest or a scan tells of its object. */
export interface ExpectedObject extends KeyEntry {
  /** The list names the key more than once, and not alike. */
  readonly isContradicted?: true;
}

const FACTS = ['url', 'size', 'etag', 'md5', 'lastModifiedMs'] as const;

/** Two lines of one key as one: what either tells, and whether they contradict each other. */
export function onceExpected(before: ExpectedObject, after: ExpectedObject): ExpectedObject {
  const differs = FACTS.some((fact) => {
    const [one, other] = [before[fact], after[fact]];
    return one !== undefined && other !== undefined && one !== other;
  });
  const both = { ...before, ...after };
  return differs ? { ...both, isContradicted: true } : both;
}

/** As one line of text without its end, for sorting. */
export function encodeExpected(object: ExpectedObject): string {
  return JSON.stringify(object);
}

/** What {@link encodeExpected} made a line of. */
export function decodeExpected(line: string): ExpectedObject {
  return JSON.parse(line) as ExpectedObject;
}
