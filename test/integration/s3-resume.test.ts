import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import type { DoubleUpload } from '../support/s3-double-state.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { type RoughSite, startRoughSite } from '../soak/rough-site.ts';
import { multipartRules, STORE_ENV } from '../support/store-rules.ts';
import { type Workplace, workplace } from '../support/workplace.ts';
import { sha256 } from '../support/oracle.ts';

const PART = 5 * 1024 ** 2;

let site: RoughSite;
let store: S3Double;
let place: Workplace;

beforeEach(async () => {
  // One object of five parts or more, and a few small ones.
  [site, store] = await Promise.all([startRoughSite('resume', 4, 1, () => 1), startS3Double()]);
  place = await workplace(multipartRules(store, site.url));
  await place.list(site.keys);
});
afterEach(async () => {
  await Promise.all([site.close(), store.close(), place.remove()]);
});

const migrate = (options: CliOptions = {}): Promise<CliResult> =>
  place.migrate([], { env: STORE_ENV, ...options });
const killedAtMark = (time: number): Promise<CliResult> =>
  migrate({ killAt: { boundary: 'upload.marked', time } });
const cleanup = (...args: readonly string[]): Promise<CliResult> =>
  runCli(['cleanup', place.rules, '--json', ...args], { env: STORE_ENV });

function expectAllStored(): void {
  const { objects, uploads } = store.bucket('bucket');
  for (const [key, digest] of site.digests) {
    expect(sha256(objects.get(key)?.bytes ?? ''), key).toBe(digest);
  }
  expect(objects.size).toBe(site.keys.length);
  expect(uploads.size).toBe(0);
}

function partsThere(): number {
  const [upload] = store.bucket('bucket').uploads.values();
  return upload?.parts.size ?? 0;
}

describe('a run that dies inside a large object', () => {
  test.each([2, 3, 4])('at mark %i: the next one goes on behind it', async (mark) => {
    expect((await killedAtMark(mark)).code).toBeNull();
    expect(partsThere()).toBeGreaterThanOrEqual(mark - 1);
    const resumed = await migrate();
    expect(resumed.code).toBe(0);
    expectAllStored();
    expect(site.rangeStarts).toHaveLength(1);
    // Of what was marked nothing is fetched again; the mark that the kill met may have missed it.
    expect(site.rangeStarts[0]).toBeGreaterThanOrEqual((mark - 1) * PART);
  });

  test('before it has a part: the next one begins it again, and leaves no upload', async () => {
    expect((await killedAtMark(1)).code).toBeNull();
    expect(store.bucket('bucket').uploads.size).toBe(1);
    expect((await migrate()).code).toBe(0);
    expectAllStored();
    expect(site.rangeStarts).toEqual([]);
  });

  test('again and again: it gets to the end all the same', async () => {
    for (let run = 0; run < 3; run += 1) expect((await killedAtMark(2)).code).toBeNull();
    expect((await migrate()).code).toBe(0);
    expectAllStored();
    expect(site.rangeStarts).toHaveLength(3);
  });

  test('by a second SIGINT: the next one goes on', async () => {
    const aborted = await migrate({
      onStart: ({ kill }) => {
        const watch = setInterval(() => {
          if (partsThere() < 2) return;
          clearInterval(watch);
          kill('SIGINT');
          setTimeout(() => {
            kill('SIGINT');
          }, 5);
        }, 1);
      },
    });
    expect(aborted.code).toBe(130);
    expect(store.bucket('bucket').uploads.size).toBe(1);
    expect((await migrate()).code).toBe(0);
    expectAllStored();
    expect(site.rangeStarts).toHaveLength(1);
  });
});

test.each([403, 501])(
  'a store that lists no parts (%i) gets the object from its start',
  async (status) => {
    await killedAtMark(3);
    store.fail({
      operation: 'ListParts',
      times: 99,
      action: { kind: 'refuse', status, code: status === 403 ? 'AccessDenied' : 'NotImplemented' },
    });
    expect((await migrate()).code).toBe(0);
    expectAllStored();
  },
);

test('an upload that the store would not abort is no reason not to copy the object', async () => {
  await killedAtMark(1);
  store.fail({
    operation: 'AbortMultipartUpload',
    times: 99,
    action: { kind: 'refuse', status: 403, code: 'AccessDenied' },
  });
  // The object itself is none the worse for it.
  expect((await migrate()).code).toBe(0);
  expect(store.bucket('bucket').objects.size).toBe(site.keys.length);
});

describe('cleanup', () => {
  /** Somebody else's upload, of a key of ours even. */
  function somebodysUpload(): DoubleUpload {
    const [ours] = store.bucket('bucket').uploads.values();
    if (ours === undefined) throw new Error('no upload was left');
    const other = { ...ours, id: 'somebody else', parts: new Map() };
    store.bucket('bucket').uploads.set(other.id, other);
    return other;
  }

  test('leaves alone what a run may still go on with', async () => {
    await killedAtMark(3);
    const run = await cleanup();
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toEqual({ aborted: 0, left: 1, refused: 0, prunedStates: 0 });
    expect(store.bucket('bucket').uploads.size).toBe(1);
    expect((await migrate()).code).toBe(0);
    expectAllStored();
  });

  test("aborts this tool's own stale uploads and nobody else's", async () => {
    await killedAtMark(3);
    const other = somebodysUpload();
    const run = await cleanup('--max-age', '0s');
    expect(run.stderr).toContain('1 uploads aborted');
    expect(JSON.parse(run.stdout)).toMatchObject({ aborted: 1, left: 0 });
    expect([...store.bucket('bucket').uploads.keys()]).toEqual([other.id]);
    store.bucket('bucket').uploads.clear();
    expect((await migrate()).code).toBe(0);
    expectAllStored();
    expect(site.rangeStarts).toEqual([]);
  });

  test('aborts the uploads of a job whose state was set aside, and removes the state', async () => {
    await killedAtMark(3);
    expect((await place.migrate(['--new-job'], { env: STORE_ENV })).code).toBe(0);
    expect(store.bucket('bucket').uploads.size).toBe(1);
    const run = await cleanup('--max-age', '0s');
    expect(JSON.parse(run.stdout)).toEqual({ aborted: 1, left: 0, refused: 0, prunedStates: 1 });
    expectAllStored();
  });

  test('tells what the bucket would not abort, exit 3, and does it the next time', async () => {
    await killedAtMark(3);
    store.fail({
      operation: 'AbortMultipartUpload',
      action: { kind: 'refuse', status: 403, code: 'AccessDenied' },
    });
    const refused = await cleanup('--max-age', '0s');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('1 uploads not aborted');
    const run = await cleanup('--max-age', '0s');
    expect(JSON.parse(run.stdout)).toMatchObject({ aborted: 1 });
  });

  test('has nothing to do where there is no state', async () => {
    const run = await cleanup();
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toEqual({ aborted: 0, left: 0, refused: 0, prunedStates: 0 });
  });

  test('refuses an age that is none', async () => {
    const run = await cleanup('--max-age', 'old');
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('such as 24h or 0s');
  });
});
