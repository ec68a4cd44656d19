import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSharedStore } from '../../src/checkpoint/shared-store.ts';
import { answerOf, ask, begin } from '../support/ask.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { serveHere } from '../support/serve-here.ts';
import { serveProcess, type ServeProcess } from '../support/serve-process.ts';
import { multipartRules, STORE_ENV } from '../support/store-rules.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

/** Three parts, of which one is sent before the test lets the rest come. */
const BODY = Buffer.alloc(12 * 1024 ** 2, 'a large object on its way, ');
const BEGINNING = 8 * 1024 ** 2;
const REFUSED = { kind: 'refuse', status: 403, code: 'AccessDenied' } as const;

let origin: GatedOrigin;
let store: S3Double;
let place: Workplace;
let proxy: ServeProcess;

beforeEach(async () => {
  [origin, store] = await Promise.all([gatedOrigin(), startS3Double()]);
  origin.hold('/k', { body: BODY, headers: { etag: '"v1"' }, sent: BEGINNING });
  place = await workplace(multipartRules(store, `${origin.url}/`));
  proxy = await serveProcess(place, STORE_ENV);
});
afterEach(async () => {
  proxy.kill('SIGKILL');
  await proxy.exit;
  await Promise.all([origin.close(), store.close(), place.remove()]);
});

/** Resolves when something is so that another process brings about; the test's timeout ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const uploadsOpen = (): number => store.bucket('bucket').uploads.size;
const cleanup = async (...args: readonly string[]): Promise<CliResult> =>
  runCli(['cleanup', place.rules, '--json', ...args], { env: STORE_ENV });

/** A client of the object whose upload has begun, and which gets no further. */
async function underWay(): Promise<ReturnType<typeof begin>> {
  const client = begin(proxy.url, '/k');
  await client.head;
  await until(() => store.asked('UploadPart').length === 1);
  return client;
}

async function killed(): Promise<void> {
  const client = await underWay();
  client.leave();
  proxy.kill('SIGKILL');
  await proxy.exit;
  expect(uploadsOpen()).toBe(1);
}

test('what a killed serve left of an upload is aborted when the next one starts', async () => {
  await killed();
  const next = await serveHere(place, { env: STORE_ENV });
  await until(() => uploadsOpen() === 0);
  origin.release('/k');
  expect((await ask(next.url, '/k')).body.equals(BODY)).toBe(true);
  await next.stop();
});

test('an upload of which the store refuses the abort is warned of, and left to cleanup', async () => {
  await killed();
  store.fail({ operation: 'AbortMultipartUpload', times: 100, action: REFUSED });
  const next = await serveHere(place, { env: STORE_ENV });
  await until(() => next.log().includes('1 uploads that an earlier serve left were not aborted'));
  await next.stop();
  expect((await cleanup('--max-age', '0s')).code).toBe(3);
  store.healed();
  const swept = await cleanup('--max-age', '0s');
  expect([swept.code, JSON.parse(swept.stdout), uploadsOpen()]).toMatchObject([
    0,
    { aborted: 1, left: 0, refused: 0 },
    0,
  ]);
});

test('cleanup leaves what is younger than --max-age', async () => {
  await killed();
  const young = await cleanup();
  expect([JSON.parse(young.stdout), uploadsOpen()]).toMatchObject([{ aborted: 0, left: 1 }, 1]);
  expect(young.stderr).toContain('serve: 1 uploads left: younger than --max-age');
});

test('uploads of a serve that lives are left alone, and are forgotten when they are done', async () => {
  const client = await underWay();
  const other = await serveHere(place, { env: STORE_ENV });
  const swept = await cleanup('--max-age', '0s');
  expect([JSON.parse(swept.stdout), uploadsOpen()]).toMatchObject([{ aborted: 0, left: 0 }, 1]);
  origin.release('/k');
  expect((await answerOf(await client.head)).body.equals(BODY)).toBe(true);
  await until(() => store.bucket('bucket').objects.get('k')?.bytes.equals(BODY) === true);
  expect(store.asked('AbortMultipartUpload')).toEqual([]);
  await other.stop();
  proxy.kill('SIGTERM');
  expect((await proxy.exit).code).toBe(0);
  const shared = path.join(place.folder, '.bucketfill', 'buckets');
  const [bucket = ''] = await readdir(shared);
  const left = await openSharedStore({ directory: path.join(shared, bucket), now: () => 0 });
  expect(await left.uploads.ofDead()).toEqual([]);
  await left.close();
});
