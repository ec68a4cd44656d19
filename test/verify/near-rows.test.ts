import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListedObject, ListRange } from '../../src/model/bucket.ts';
import { Failure } from '../../src/model/failure.ts';
import { compareKeys, objectKey } from '../../src/model/object-key.ts';
import { nearRows } from '../../src/verify/near-rows.ts';
import { memoryBucket } from '../support/memory-bucket.ts';

const PAGE = 10;

/** A bucket that lists those keys, page by page. */
function listing(keys: readonly string[], broken?: Failure) {
  const sorted = keys.toSorted(compareKeys);
  const asked = { listings: 0, pages: 0 };
  async function* list({ prefix, after = '' }: ListRange): AsyncGenerator<ListedObject[]> {
    await Promise.resolve();
    asked.listings += 1;
    if (broken !== undefined) throw broken;
    const found = sorted.filter((key) => key.startsWith(prefix) && compareKeys(key, after) > 0);
    for (let at = 0; at < found.length; at += PAGE) {
      asked.pages += 1;
      yield found.slice(at, at + PAGE).map((key) => ({
        key: objectKey(key),
        size: 1,
        etag: '""',
        lastModifiedMs: 0,
      }));
    }
  }
  return { bucket: { ...memoryBucket(), list }, asked };
}

async function look(expected: readonly string[], { bucket }: ReturnType<typeof listing>) {
  const notes: string[] = [];
  const told: Record<string, 'there' | 'absent' | 'unasked'> = {};
  async function* batches() {
    await Promise.resolve();
    for (let at = 0; at < expected.length; at += 7) {
      yield expected.slice(at, at + 7).map((key) => ({ key: objectKey(key) }));
    }
  }
  const { signal } = new AbortController();
  for await (const rows of nearRows(batches(), bucket, (line) => notes.push(line), signal)) {
    for (const { key, listed } of rows) {
      if (listed === 'unasked') told[key] = listed;
      else told[key] = listed === undefined ? 'absent' : 'there';
    }
  }
  return { told, notes };
}

const names = (from: number, to: number, step = 1): string[] => {
  const found: string[] = [];
  for (let at = from; at < to; at += step) found.push(`k${String(at).padStart(6, '0')}`);
  return found;
};

describe('keys of a list beside the listing', () => {
  it('are never told wrong, and each comes once', async () => {
    const some = fc.uniqueArray(fc.stringMatching(/^[a-c]{1,4}$/), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(some, some, async (expected, stored) => {
        const sorted = expected.toSorted(compareKeys);
        const { told } = await look(sorted, listing(stored));
        expect(Object.keys(told)).toEqual(sorted);
        for (const [key, state] of Object.entries(told)) {
          if (state !== 'unasked') expect(state).toBe(stored.includes(key) ? 'there' : 'absent');
        }
      }),
    );
  });

  it('that lie close together cost pages, not a request a key', async () => {
    const at = listing(names(0, 1000));
    const { told } = await look(names(0, 1000), at);
    expect(Object.values(told).filter((state) => state === 'unasked')).toHaveLength(1);
    expect(at.asked).toEqual({ listings: 1, pages: 100 });
  });

  it('that lie far apart are asked singly, whatever lies between them', async () => {
    const at = listing(names(0, 20_000));
    const { told } = await look(names(0, 20_000, 200), at);
    const unasked = Object.values(told).filter((state) => state === 'unasked');
    expect(unasked.length).toBeGreaterThan(90);
    expect(at.asked.pages).toBeLessThan(10);
  });

  it('behind the end of the listing are absent', async () => {
    const { told } = await look(names(0, 40), listing(names(0, 20)));
    expect(Object.values(told).filter((state) => state === 'absent')).toHaveLength(20);
  });

  it('are asked singly where the bucket can not be listed, and a line says why', async () => {
    const at = listing([], new Failure('BUCKET_REFUSED', 'no listing for you'));
    const { told, notes } = await look(names(0, 50), at);
    expect(new Set(Object.values(told))).toEqual(new Set(['unasked']));
    expect(notes).toEqual([expect.stringMatching(/^no listing for you: /)]);
    expect(at.asked.listings).toBe(1);
  });
});
