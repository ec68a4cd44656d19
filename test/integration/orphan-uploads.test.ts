import { afterEach, beforeEach, expect, test } from 'vitest';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { multipartRules, STORE_ENV } from '../support/store-rules.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

const BODY = Buffer.alloc(11 * 1024 ** 2, 'no validator, ');
const REFUSED = { kind: 'refuse', status: 403, code: 'AccessDenied' } as const;

let site: FaultOrigin;
let store: S3Double;
let place: Workplace;

beforeEach(async () => {
  [site, store] = await Promise.all([faultOrigin(), startS3Double()]);
  place = await workplace(multipartRules(store, `${site.url}/`, 'retries: { perAddress: 1 }'));
  await place.list(['k']);
});
afterEach(async () => {
  await Promise.all([site.close(), store.close(), place.remove()]);
});

const migrate = (options: CliOptions = {}): Promise<CliResult> =>
  place.migrate([], { env: STORE_ENV, ...options });
const uploadsOpen = (): number => store.bucket('bucket').uploads.size;

test.each([
  ['no validator', { body: BODY }],
  ['no length', { body: BODY, framing: 'chunked', headers: { ETag: '"v1"' } }],
] as const)(
  'an upload of a body that has %s is begun again after a SIGKILL, and none is left',
  async (_what, answer) => {
    site.script('/k', answer);
    const killed = await migrate({ killAt: { boundary: 'upload.marked', time: 1 } });
    expect(killed.code).toBeNull();
    expect(uploadsOpen()).toBe(1);
    expect((await migrate()).code).toBe(0);
    expect(uploadsOpen()).toBe(0);
    expect(store.bucket('bucket').objects.get('k')?.bytes.equals(BODY)).toBe(true);
  },
);

test('every upload of a key whose abort the store refuses is remembered until it allows it', async () => {
  site.script('/k', {
    body: BODY,
    headers: { ETag: '"v1"' },
    cutBody: { afterBytes: 6e6, how: 'end' },
  });
  store.fail({ operation: 'AbortMultipartUpload', times: 100, action: REFUSED });
  for (let run = 1; run <= 3; run += 1) {
    expect((await migrate()).summary).toMatchObject({ failed: 1 });
    expect(uploadsOpen()).toBe(run);
  }
  const refused = await runCli(['cleanup', place.rules, '--max-age', '0s'], { env: STORE_ENV });
  expect(refused.code).toBe(3);
  store.healed();
  const swept = await runCli(['cleanup', place.rules, '--max-age', '0s'], { env: STORE_ENV });
  expect([swept.code, uploadsOpen()]).toEqual([0, 0]);
});
