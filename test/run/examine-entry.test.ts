import { expect, test } from 'vitest';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import { Failure } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Origin } from '../../src/model/origin.ts';
import type { Examination } from '../../src/run/examination.ts';
import { examined } from '../support/examined.ts';

import { knowing, PresenceFinder } from '../../src/run/presence.ts';
import { rulesOf } from '../rules/rules-of.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { type MemoryBucket, memoryBucket } from '../support/memory-bucket.ts';
import { scriptedOrigin } from '../support/scripted-origin.ts';

const key = objectKey('k');
const signal = new AbortController().signal;
const unknown = knowing(() => ({ state: 'unknown' }));
const notFound = new Failure('ORIGIN_NOT_FOUND', 'no such object', { status: 404 });

function examination(bucket: MemoryBucket, origin: Origin): Examination {
  const rules = rulesOf('rules: [{ id: all, origins: { masters: ["https://o.example/"] } }]\n');
  const clock = fakeClock();
  const note = (): void => undefined;
  return {
    rules,
    sources: new Map([
      ['all', { origin, headers: { headers: {}, secrets: new Set() }, checkKey: note }],
    ]),
    bucket,
    presence: new PresenceFinder({
      bucket,
      headIsCheap: false,
      exclusiveCreate: () => true,
      clock,
      note,
      warn: note,
    }),
    overwrite: 'never',
    dryRun: false,
    memory: byteBudget(256 * 2 ** 20),
    uploads: undefined,
    clock,
    givenUp: new Map(),
    onRequest: note,
    onWait: note,
  };
}

const examine = (bucket: MemoryBucket, origin: Origin) =>
  examined(examination(bucket, origin), { key }, unknown, signal);

test('a key that the bucket was not asked for is copied where it is absent', async () => {
  const bucket = memoryBucket();
  const origin = scriptedOrigin([{ body: Buffer.from('hello') }]);
  expect(await examine(bucket, origin)).toMatchObject({ outcome: 'copied', attempts: 1 });
});

test('a key that turns out to be taken exists, whatever the origin says', async () => {
  for (const answer of [{ body: Buffer.from('hello') }, notFound]) {
    const bucket = memoryBucket();
    bucket.contents.set('k', Buffer.from('theirs'));
    const outcome = await examine(bucket, scriptedOrigin([answer]));
    expect(outcome).toMatchObject({ outcome: 'skipped', reason: 'exists' });
    expect(bucket.contents.get('k')?.toString()).toBe('theirs');
  }
});

test('a key that nobody has is not found', async () => {
  const outcome = await examine(memoryBucket(), scriptedOrigin([notFound]));
  expect(outcome).toMatchObject({ outcome: 'failed', code: 'ORIGIN_NOT_FOUND' });
});

test('what a failed write left behind never passes for an object that was there', async () => {
  const bucket = memoryBucket();
  const refused = new Failure('BUCKET_REFUSED', 'what is there now can not be trusted');
  const spoiling: MemoryBucket = {
    ...bucket,
    putBytes: () => {
      bucket.contents.set('k', Buffer.from('garbage'));
      return Promise.reject(refused);
    },
  };
  const outcome = await examine(spoiling, scriptedOrigin([{ body: Buffer.from('hello') }]));
  expect(outcome).toMatchObject({ outcome: 'failed', code: 'BUCKET_REFUSED' });
});
