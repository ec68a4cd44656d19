import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conformanceClient } from '../contract/s3-conformance-client.ts';
import { S3_CONFORMANCE, unexplained, verdictsOf } from '../contract/s3-conformance.ts';
import { DOUBLE_KEYS, startS3Double, type S3Double } from '../support/s3-double.ts';

describe('the double, asked what the real servers are asked,', () => {
  let double: S3Double;
  let verdicts: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    double = await startS3Double();
    const store = { endpoint: double.endpoint, region: double.region, ...DOUBLE_KEYS };
    const client = conformanceClient(store, 'conformance');
    verdicts = await verdictsOf(client);
    client.close();
  });
  afterAll(async () => {
    await double.close();
  });

  it('is asked each thing under a name of its own', () => {
    expect(new Set(S3_CONFORMANCE.map((check) => check.name)).size).toBe(S3_CONFORMANCE.length);
    expect(S3_CONFORMANCE.length).toBeGreaterThan(40);
  });

  for (const check of S3_CONFORMANCE) {
    it(check.name, () => {
      expect(verdicts[check.name]).toBe(check.s3);
    });
  }
});

describe('verdicts of a real server', () => {
  const asS3 = Object.fromEntries(S3_CONFORMANCE.map(({ name, s3 }) => [name, s3]));
  const name = 'says that a bucket is there';
  const reason = 'because';

  it('need no explanation where they are those of S3', () => {
    expect(unexplained(asS3, {})).toEqual([]);
  });

  it('may differ where that is written down', () => {
    const other = { ...asS3, [name]: '204' };
    expect(unexplained(other, { [name]: { verdict: '204', reason } })).toEqual([]);
  });

  it.each([
    ['differ', { ...asS3, [name]: '204' }, {}],
    ['differ otherwise', { ...asS3, [name]: '204' }, { [name]: { verdict: '500', reason } }],
    ['no longer differ', asS3, { [name]: { verdict: '204', reason } }],
    ['never differed', asS3, { [name]: { verdict: '200', reason } }],
    ['are of no check', asS3, { 'no such check': { verdict: '204', reason } }],
    ['lack a reason', { ...asS3, [name]: '204' }, { [name]: { verdict: '204', reason: '' } }],
    ['were not given', {}, {}],
  ])('are reported where they %s', (_, verdicts, differences) => {
    expect(unexplained(verdicts, differences)).not.toEqual([]);
  });
});
