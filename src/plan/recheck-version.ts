import type { OriginHead } from '../model/origin.ts';

const VALIDATORS = ['etag', 'last-modified'] as const;

/**
 * Whether an address still has the version that it gave a body of. Only what both answers tell is
 * compared, for equality: servers leave headers out of their answers to HEAD.
 * @param given the head that came with the body
 * @param now the head of a later answer
 * @returns `unknown` where they have no validator in common, or came from two addresses
 */
export function recheckVersion(given: OriginHead, now: OriginHead): 'same' | 'changed' | 'unknown' {
  if (given.origin !== now.origin) return 'unknown';
  const told = VALIDATORS.filter(
    (name) => given.headers[name] !== undefined && now.headers[name] !== undefined,
  );
  if (told.length === 0) return 'unknown';
  if (told.some((name) => given.headers[name] !== now.headers[name])) return 'changed';
  const areLengthsTold = given.length !== undefined && now.length !== undefined;
  return areLengthsTold && given.length !== now.length ? 'changed' : 'same';
}

/** Whether a later answer could tell at all. */
export function isVersionTold({ headers }: OriginHead): boolean {
  return VALIDATORS.some((name) => headers[name] !== undefined);
}
