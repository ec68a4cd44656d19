import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bucket, StoredObject } from '../../src/model/bucket.ts';
import { Failure } from '../../src/model/failure.ts';
import { compareKeys, objectKey } from '../../src/model/object-key.ts';
import { PresenceFinder } from '../../src/run/presence.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { memoryBucket } from '../support/memory-bucket.ts';

const HEAD_MS = 10;
const PAGE_MS = 20;
const signal = new AbortController().signal;

/** A finder over a bucket that holds `held`, whose requests take their time on a fake clock. */
function finderOver(held: readonly string[], pageSize = 1000) {
  const sorted = [...new Set(held)].sort(compareKeys);
  const clock = fakeClock();
  const asked = { heads: [] as string[], pages: 0 };
  const open = { listings: 0 };
  const notes: string[] = [];
  let refused = false;
  const stored = (key: string): StoredObject => ({
    key: objectKey(key),
    size: 1,
    etag: '"e"',
    lastModifiedMs: 0,
    headers: {},
    metadata: {},
  });
  const bucket: Bucket = {
    ...memoryBucket(),
    head: async (key) => {
      asked.heads.push(key);
      await clock.advance(HEAD_MS);
      return sorted.includes(key) ? stored(key) : undefined;
    },
    async *list({ after = '' }) {
      if (refused) throw new Failure('BUCKET_REFUSED', 'AccessDenied');
      const behind = sorted.filter((key) => compareKeys(key, after) > 0);
      open.listings += 1;
      try {
        for (let at = 0; at < behind.length; at += pageSize) {
          asked.pages += 1;
          await clock.advance(PAGE_MS);
          yield behind.slice(at, at + pageSize).map(stored);
        }
      } finally {
        open.listings -= 1;
      }
    },
  };
  const note = (line: string): void => {
    notes.push(line);
  };
  const settings = { bucket, clock, note, warn: note };
  const finder = (more: { headIsCheap?: boolean; exclusiveCreate?: boolean } = {}) =>
    new PresenceFinder({
      ...settings,
      headIsCheap: more.headIsCheap ?? false,
      exclusiveCreate: () => more.exclusiveCreate ?? true,
    });
  const refuseLists = (): void => {
    refused = true;
  };
  return { finder, asked, notes, refuseLists, open, clock };
}

async function states(finder: PresenceFinder, keys: readonly string[]): Promise<string[]> {
  const batch = await finder.survey(
    keys.map((key) => ({ key: objectKey(key) })),
    signal,
  );
  const answers: string[] = [];
  for (const name of keys) {
    const key = objectKey(name);
    answers.push((batch.known(key) ?? (await batch.ask(key, signal))).state);
  }
  return answers;
}

const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `k${String(from + index).padStart(6, '0')}`);

test('keys in order are answered from the listing, without a HEAD each', async () => {
  const { finder, asked, notes } = finderOver(numbered(2000));
  expect(await states(finder(), numbered(1000, 500))).toEqual(Array(1000).fill('present'));
  // The first key lies before the range that is listed.
  expect(asked.heads).toEqual(['k000500']);
  expect(asked.pages).toBeLessThanOrEqual(2);
  expect(notes[0]).toContain('by list');
});

test('keys behind the end of the listing are absent', async () => {
  const { finder, asked } = finderOver(numbered(10));
  const answers = await states(finder(), numbered(20));
  expect(answers).toEqual([
    ...Array<string>(10).fill('present'),
    ...Array<string>(10).fill('absent'),
  ]);
  expect(asked.heads).toHaveLength(1);
});

test('a listing that is full of other keys is given up for HEADs', async () => {
  const others = numbered(50_000).map((key) => `${key}x`);
  const { finder, asked } = finderOver(others);
  const sparse = numbered(50).map((_, index) => `k${String(index * 1000).padStart(6, '0')}`);
  expect(await states(finder(), sparse)).toEqual(Array(50).fill('absent'));
  expect(asked.pages).toBe(1);
  expect(asked.heads.length).toBeGreaterThan(40);
});

test('keys in no order are asked one by one', async () => {
  const { finder, asked } = finderOver(['b', 'd']);
  expect(await states(finder(), ['d', 'a', 'b'])).toEqual(['present', 'absent', 'present']);
  expect(asked).toEqual({ heads: ['d', 'a', 'b'], pages: 0 });
});

test('a bucket that had none of many keys is not asked any more; the write tells', async () => {
  const { finder, asked } = finderOver([]);
  const only = finder();
  for (let ms = 0; ms < 100; ms += 1) only.copied(30);
  await states(only, [...numbered(80)].reverse());
  expect(await states(only, ['b', 'a'])).toEqual(['unknown', 'unknown']);
  expect(asked.heads).toHaveLength(80);
  // It turns out that keys are taken after all: back to asking.
  for (let times = 0; times < 30; times += 1) only.wrote(true);
  expect(await states(only, ['d', 'c'])).toEqual(['absent', 'absent']);
});

test('a directory is looked into, whatever the order', async () => {
  const { finder, asked } = finderOver(numbered(10));
  await states(finder({ headIsCheap: true }), numbered(5));
  expect(asked).toMatchObject({ pages: 0 });
  expect(asked.heads).toHaveLength(5);
});

test('a listing that is refused is not tried again; the keys are asked one by one', async () => {
  const { finder, asked, notes, refuseLists } = finderOver(numbered(10));
  refuseLists();
  const only = finder();
  expect(await states(only, numbered(5))).toEqual(Array(5).fill('present'));
  expect(await states(only, numbered(5, 5))).toEqual(Array(5).fill('present'));
  expect(asked.heads).toHaveLength(10);
  expect(notes.filter((line) => line.includes('the listing failed'))).toHaveLength(1);
});

test('a listing goes on with the next batch, where the last one left it', async () => {
  const { finder, asked, open } = finderOver(numbered(3500));
  const only = finder();
  for (let from = 0; from < 3000; from += 1000) {
    expect(await states(only, numbered(1000, from))).toEqual(Array(1000).fill('present'));
  }
  // Only the very first key lies in front of what is listed.
  expect(asked).toEqual({ heads: ['k000000'], pages: 3 });
  await only.close();
  expect(open.listings).toBe(0);
});

test('what was listed long ago answers no batch', async () => {
  const { finder, asked, open, clock } = finderOver(numbered(3000));
  const only = finder();
  await states(only, numbered(500));
  await states(only, numbered(100, 500));
  expect(asked).toEqual({ heads: ['k000000'], pages: 1 });
  await clock.advance(6000);
  expect(await states(only, numbered(100, 600))).toEqual(Array(100).fill('present'));
  expect(asked).toEqual({ heads: ['k000000', 'k000600'], pages: 2 });
  expect(open.listings).toBe(1);
});

test('a batch that goes back, or far ahead, is held against a listing of its own', async () => {
  const { finder, asked, open } = finderOver(numbered(9000));
  const only = finder();
  await states(only, numbered(100, 500));
  expect(await states(only, numbered(100, 550))).toEqual(Array(100).fill('present'));
  expect(await states(only, numbered(100, 7000))).toEqual(Array(100).fill('present'));
  expect(asked).toEqual({ heads: ['k000500', 'k000550', 'k007000'], pages: 3 });
  expect(open.listings).toBe(1);
  await states(only, ['k000002', 'k000001']);
  expect(open.listings).toBe(0);
});

test('whatever the way, the answer is what the bucket holds', async () => {
  const key = fc.string({
    unit: fc.constantFrom('a', 'b', '/', '\ue000', '\u{1F600}'),
    minLength: 1,
    maxLength: 4,
  });
  const property = fc.asyncProperty(
    fc.array(key, { maxLength: 30 }),
    fc.uniqueArray(key, { maxLength: 30 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 15 }),
    fc.boolean(),
    async (held, list, pageSize, batch, ordered) => {
      const { finder } = finderOver(held, pageSize);
      const keys = ordered ? [...list].sort(compareKeys) : list;
      const only = finder();
      const answers: string[] = [];
      for (let at = 0; at < keys.length; at += batch) {
        answers.push(...(await states(only, keys.slice(at, at + batch))));
      }
      expect(answers).toEqual(keys.map((one) => (held.includes(one) ? 'present' : 'absent')));
    },
  );
  await fc.assert(property, { numRuns: 200 });
});
