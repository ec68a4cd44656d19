import type { ListedObject } from '../model/bucket.ts';
import type { ObjectKey } from '../model/object-key.ts';
import { alignByKey, type SortedStream } from '../plan/align-by-key.ts';
import type { ExpectedObject } from './expected-object.ts';

/** A key with what each side has of it. */
export interface Row {
  readonly key: ObjectKey;
  /** Undefined where only the bucket has it. */
  readonly expected: ExpectedObject | undefined;
  /** `unasked`: the bucket is still to be asked for this key. */
  readonly listed: ListedObject | 'unasked' | undefined;
}

/**
 * Every key of either side, in order: what is expected, beside the bucket's whole listing.
 * @param listed of the keys that are looked at
 * @throws whatever the streams throw.
 */
export async function* wholeRows(
  expected: SortedStream<ExpectedObject>,
  listed: SortedStream<ListedObject>,
): AsyncGenerator<readonly Row[]> {
  for await (const rows of alignByKey(expected, listed)) {
    yield rows.map(({ key, a, b }) => ({ key, expected: a, listed: b }));
  }
}
