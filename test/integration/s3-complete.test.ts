import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import type { CliOptions, CliResult, RunningCli } from '../support/run-cli.ts';
import type { Fault, FaultAction } from '../support/s3-double-faults.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { multipartRules, STORE_ENV } from '../support/store-rules.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

const PART = 5 * 1024 ** 2;
/** Two whole parts, which can be gone on behind, and a last one. */
const BODY = Buffer.alloc(2 * PART + 777_777);
for (let at = 0; at + 4 <= BODY.length; at += 4) BODY.writeUInt32LE(at, at);
const MARKED = 2 * PART;
const ETAG = { ETag: '"v1"' };

let site: FaultOrigin;
let store: S3Double;
let place: Workplace;

beforeEach(async () => {
  [site, store] = await Promise.all([faultOrigin(), startS3Double()]);
  const range = `bytes ${MARKED}-${BODY.length - 1}/${BODY.length}`;
  site.script('/k', [
    { body: BODY, headers: ETAG },
    { status: 206, body: BODY.subarray(MARKED), headers: { ...ETAG, 'Content-Range': range } },
  ]);
  place = await workplace(multipartRules(store, `${site.url}/`));
  await place.list(['k']);
});
afterEach(async () => {
  await Promise.all([site.close(), store.close(), place.remove()]);
});

const migrate = (options: CliOptions = {}): Promise<CliResult> =>
  place.migrate([], { env: STORE_ENV, ...options });
const completing = (action: FaultAction, change: Partial<Fault> = {}): Fault => ({
  ...{ operation: 'CompleteMultipartUpload', action },
  ...change,
});

/** Acts as soon as the store was asked to complete the upload so many times. */
function onceAsked(times: number, act: (child: RunningCli) => void): CliOptions {
  return {
    onStart: (child) => {
      const watch = setInterval(() => {
        if (store.asked('CompleteMultipartUpload').length < times) return;
        clearInterval(watch);
        act(child);
      }, 5);
    },
  };
}

/** SIGINT again and again: the first drains, and what comes later aborts. */
function interrupt(child: RunningCli): void {
  for (let turn = 0; turn < 20; turn += 1) {
    setTimeout(() => {
      child.kill('SIGINT');
    }, turn * 100);
  }
}

/** Of the requests for its body: what took long is asked for once more by HEAD. */
const ranges = (): readonly (string | undefined)[] =>
  site
    .requestsFor('/k')
    .filter(({ method }) => method === 'GET')
    .map(({ headers }) => headers['range']);

/** Nothing of the object can be seen, and all that was sent is kept. */
function expectHalfWay(run: CliResult): void {
  const { objects, uploads } = store.bucket('bucket');
  expect(objects.size).toBe(0);
  expect([...uploads.values()].map(({ parts }) => parts.size)).toEqual([3]);
  expect(run.objects).toEqual([]);
  expect(run.summary).toMatchObject({ listed: 0, failed: 0 });
}

function expectStored(): void {
  const { objects, uploads } = store.bucket('bucket');
  expect(objects.get('k')?.bytes.equals(BODY)).toBe(true);
  expect([objects.size, uploads.size]).toEqual([1, 0]);
}

/** Finishes the upload, and fetches only what was not marked. */
async function expectNextRunFinishes(): Promise<void> {
  store.healed();
  const next = await migrate();
  expect(next.code).toBe(0);
  expect(next.summary).toMatchObject({ resumed: true, copied: 1, carried: { listed: 0 } });
  expect(ranges()).toEqual([undefined, `bytes=${MARKED}-`]);
  expect(store.asked('CreateMultipartUpload')).toHaveLength(1);
  expectStored();
}

describe('a large object whose every byte is sent, and whose completion does not come about', () => {
  test.each([400, 403])(
    'because the token expired (%i): it stays open, and the next run finishes it',
    async (status) => {
      const expired = { kind: 'refuse', status, code: 'ExpiredToken' } as const;
      store.fail(completing(expired, { times: 99 }));
      const run = await migrate();
      expect(run.code).toBe(5);
      expect(run.stderr).toContain('expired');
      expectHalfWay(run);
      await expectNextRunFinishes();
    },
  );

  test('because of a second SIGINT: it stays open, and the next run finishes it', async () => {
    store.fail(completing({ kind: 'hang' }));
    const run = await migrate(onceAsked(1, interrupt));
    expect(run.code).toBe(130);
    expectHalfWay(run);
    await expectNextRunFinishes();
  });

  test('because of a SIGKILL: the next run finishes it', async () => {
    store.fail(completing({ kind: 'hang' }));
    const run = await migrate(
      onceAsked(1, ({ kill }) => {
        kill('SIGKILL');
      }),
    );
    expect(run.code).toBeNull();
    await expectNextRunFinishes();
  });
});

describe('a large object whose completion came about, and whose answer was lost', () => {
  beforeEach(() => {
    // The second request, which would be told that there is no such upload, is not answered at all.
    store.fail(completing({ kind: 'loseAnswer' }), completing({ kind: 'hang' }, { nth: 2 }));
  });

  test.each<readonly [string, number | null, (child: RunningCli) => void]>([
    ['a second SIGINT', 130, interrupt],
    [
      'a SIGKILL',
      null,
      ({ kill }) => {
        kill('SIGKILL');
      },
    ],
  ])('before %s: the next run sees that it is there', async (_what, code, act) => {
    const run = await migrate(onceAsked(2, act));
    expect(run.code).toBe(code);
    expect(run.objects).toEqual([]);
    store.healed();
    const next = await migrate();
    expect(next.code).toBe(0);
    expect(next.summary).toMatchObject({ listed: 1, skipped: 1, failed: 0 });
    expect(ranges()).toEqual([undefined]);
    expectStored();
  });
});
