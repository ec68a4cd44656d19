import type { Bucket, ListedObject } from '../model/bucket.ts';
import { Failure, FatalError } from '../model/failure.ts';
import type { Rule } from '../model/rule.ts';
import { coverPrefixes } from '../plan/cover-prefixes.ts';
import { keyPrefixBelow } from '../rules/key-prefix-below.ts';

/**
 * What the bucket lists below the key prefixes of some rules: each key once, in order.
 * @param within only what begins so
 * @throws FatalError `bucket-unusable` where it can't be listed: half a listing would look as if the
 * rest were not there.
 */
export async function* listBelow(
  bucket: Pick<Bucket, 'list'>,
  rules: readonly Rule[],
  signal: AbortSignal,
  within = '',
): AsyncGenerator<readonly ListedObject[]> {
  for (const prefix of coverPrefixes(rules.flatMap((rule) => keyPrefixBelow(rule, within) ?? []))) {
    try {
      yield* bucket.list({ prefix }, signal);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new FatalError('bucket-unusable', error.message, error);
    }
  }
}
