import type { Keyed, Same } from './keyed.ts';

/** Makes one item of neighbours that have one key. */
export async function* eachKeyOnce<T extends Keyed>(
  batches: AsyncIterable<readonly T[]>,
  same: Same<T>,
): AsyncGenerator<readonly T[]> {
  let held: T | undefined;
  for await (const batch of batches) {
    const whole: T[] = [];
    for (const item of batch) {
      if (held === undefined) held = item;
      else if (held.key === item.key) held = same(held, item);
      else {
        whole.push(held);
        held = item;
      }
    }
    if (whole.length > 0) yield whole;
  }
  if (held !== undefined) yield [held];
}
