import { afterEach, expect, test } from 'vitest';
import { CopyWorkerHandle } from '../../../src/cli/threads/copy-worker-handle.ts';
import type { Opening } from '../../../src/cli/threads/messages.ts';
import { objectKey } from '../../../src/model/object-key.ts';
import type { SentEntry } from '../../../src/run/threads/sent-entry.ts';
import { ThreadLost } from '../../../src/run/threads/thread-lost.ts';
import { rulesOf } from '../../rules/rules-of.ts';

const { bucket, rules } = rulesOf(
  'rules: [{ id: all, origins: { masters: ["https://o.example/"] } }]\n',
);
const signal = new AbortController().signal;
const nobody = { happened: () => undefined, said: () => undefined };
const entry = (name: string): SentEntry => ({
  entry: { key: objectKey(name) },
  rule: 'all',
  known: 'absent',
  sealed: undefined,
  sinceMs: 0,
  requests: 0,
});
const opening: Opening = {
  rules,
  bucket,
  allowPrivate: false,
  folder: '/',
  env: {},
  pid: 1,
  host: 'h',
  concurrency: 4,
  memoryBytes: 2 ** 25,
  index: 1,
  threads: 2,
  bytesPerSecond: undefined,
  requestsPerSecond: undefined,
  overwrite: 'never',
  checksum: undefined,
  exclusiveCreate: true,
  keepsUploads: false,
};

let handle: CopyWorkerHandle;
afterEach(() => handle.close());

test('a thread that breaks down fails all that it was at, and whatever comes later', async () => {
  handle = new CopyWorkerHandle(new URL('./broken-thread.js', import.meta.url));
  expect(handle.takes('all')).toBe(false);
  handle.open(opening, nobody);
  await handle.opened();
  expect([handle.takes('all'), handle.takes('other')]).toEqual([true, false]);
  const copies = await Promise.allSettled(
    ['a', 'b'].map((name) => handle.copy(entry(name), signal)),
  );
  for (const copy of copies) {
    expect(copy).toMatchObject({
      status: 'rejected',
      reason: { cause: { message: 'a bug in a thread' } },
    });
  }
  expect(handle.lost).toBeInstanceOf(ThreadLost);
  // The next one finds out as well, instead of waiting for ever.
  expect(handle.takes('all')).toBe(true);
  await expect(handle.copy(entry('c'), signal)).rejects.toBeInstanceOf(ThreadLost);
});

test('a thread that can not open what the run could says why', async () => {
  handle = new CopyWorkerHandle();
  const masters = [{ ...rules[0]?.origins?.masters[0], url: { env: 'NOWHERE' } }];
  const ill = rules.map((rule) => ({
    ...rule,
    origins: rule.origins && { ...rule.origins, masters },
  }));
  handle.open({ ...opening, rules: JSON.parse(JSON.stringify(ill)) as typeof rules }, nobody);
  await expect(handle.opened()).rejects.toMatchObject({ kind: 'usage' });
  await expect(handle.copy(entry('a'), signal)).rejects.toThrow('NOWHERE');
});
