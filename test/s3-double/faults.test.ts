import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  conformanceClient,
  type ConformanceClient,
  type RawAnswer,
} from '../contract/s3-conformance-client.ts';
import type { Fault, FaultAction } from '../support/s3-double-faults.ts';
import type { DoubleBucket } from '../support/s3-double-state.ts';
import { DOUBLE_KEYS, startS3Double, type S3Double } from '../support/s3-double.ts';

let double: S3Double;
let client: ConformanceClient;
let bucket: DoubleBucket;

beforeEach(async () => {
  double = await startS3Double();
  const { endpoint, region } = double;
  client = conformanceClient({ endpoint, region, ...DOUBLE_KEYS }, 'bucket');
  bucket = double.bucket('bucket');
});

afterEach(async () => {
  client.close();
  await double.close();
});

const put = (key = 'a', body = 'body'): Promise<RawAnswer> =>
  client.ask({ method: 'PUT', key, body });
const get = (key = 'a'): Promise<RawAnswer> => client.ask({ method: 'GET', key });
const list = (query: Readonly<Record<string, string>> = {}): Promise<RawAnswer> =>
  client.ask({ method: 'GET', query: { 'list-type': '2', 'max-keys': '2', ...query } });
const once = (operation: Fault['operation'], action: FaultAction): void => {
  double.fail({ operation, action });
};

describe('a fault of the double strikes', () => {
  it('the nth request of its operation and key, so many times, and then no more', async () => {
    const action = { kind: 'refuse', status: 503, code: 'SlowDown', retryAfter: '7' } as const;
    double.fail({ operation: 'PutObject', key: 'a', nth: 2, times: 2, action });
    const answers = [];
    for (const key of ['a', 'b', 'a', 'b', 'a', 'a']) answers.push(await put(key));
    expect(answers.map((answer) => answer.verdict)).toEqual([
      '200',
      '200',
      '503 SlowDown',
      '200',
      '503 SlowDown',
      '200',
    ]);
    expect(answers[2]?.headers['retry-after']).toBe('7');
  });

  it('no more once it is healed', async () => {
    double.fail({ operation: 'PutObject', times: 100, action: { kind: 'reset' } });
    await expect(put()).rejects.toThrow();
    double.healed();
    expect((await put()).verdict).toBe('200');
  });

  it('before anything is written: reset, refusal, error in the body', async () => {
    once('PutObject', { kind: 'reset' });
    await expect(put()).rejects.toMatchObject({ code: 'ECONNRESET' });
    once('PutObject', { kind: 'refuse', status: 500, code: 'InternalError' });
    expect((await put()).verdict).toBe('500 InternalError');
    once('PutObject', { kind: 'errorInBody', code: 'InternalError' });
    const answer = await put();
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('<Code>InternalError</Code>');
    expect(bucket.objects.size).toBe(0);
  });

  it('after everything is written: lost answer, late refusal', async () => {
    once('PutObject', { kind: 'loseAnswer' });
    await expect(put('lost')).rejects.toMatchObject({ code: 'ECONNRESET' });
    once('PutObject', { kind: 'refuse', status: 500, code: '', afterWrite: true });
    expect((await put('late')).verdict).toBe('500');
    expect(bucket.keys()).toEqual(['late', 'lost']);
  });

  it('the answer: another ETag, none, another document', async () => {
    once('PutObject', { kind: 'etag', etag: '"other"' });
    expect((await put()).headers['etag']).toBe('"other"');
    once('PutObject', { kind: 'withoutHeader', name: 'etag' });
    expect((await put()).headers['etag']).toBeUndefined();
    once('ListObjectsV2', { kind: 'document', text: '<html>a proxy was here</html>' });
    expect((await list()).text).toBe('<html>a proxy was here</html>');
  });

  it('the body: cut, flipped, of another length than was told', async () => {
    await put('a', '0123456789');
    once('GetObject', { kind: 'cutBody', afterBytes: 4 });
    await expect(get()).rejects.toThrow('aborted');
    once('GetObject', { kind: 'declaredLength', bytes: 12 });
    await expect(get()).rejects.toThrow('aborted');
    once('GetObject', { kind: 'declaredLength', bytes: 8 });
    expect((await get()).text).toBe('01234567');
    once('GetObject', { kind: 'flipBit' });
    const flipped = await get();
    expect(flipped.text).toHaveLength(10);
    expect(flipped.text).not.toBe('0123456789');
    expect((await get()).text).toBe('0123456789');
  });

  it('the time that it takes', async () => {
    once('PutObject', { kind: 'delay', delayMs: 60 });
    const startedMs = performance.now();
    expect((await put()).verdict).toBe('200');
    expect(performance.now() - startedMs).toBeGreaterThan(50);
    once('PutObject', { kind: 'hang' });
    const answered = await Promise.race([
      put('never').catch(() => 'broken'),
      new Promise((resolve) => setTimeout(resolve, 100, 'nothing')),
    ]);
    expect(answered).toBe('nothing');
    expect(bucket.keys()).toEqual(['a']);
  });

  it('listings: out of order, a page again, truncated without a token', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await put(key);
    const first = await list();
    const token = /<NextContinuationToken>([^<]+)</.exec(first.text)?.[1] ?? '';
    const keysOf = (answer: RawAnswer): string[] =>
      [...answer.text.matchAll(/<Key>([^<]+)</g)].map((match) => match[1] ?? '');
    once('ListObjectsV2', { kind: 'listing', how: 'repeatsPage' });
    expect(keysOf(await list({ 'continuation-token': token }))).toEqual(['a', 'b']);
    once('ListObjectsV2', { kind: 'listing', how: 'outOfOrder' });
    expect(keysOf(await list())).toEqual(['b', 'a']);
    once('ListObjectsV2', { kind: 'listing', how: 'truncatedWithoutToken' });
    const cut = await list();
    expect(cut.text).toContain('<IsTruncated>true<');
    expect(cut.text).not.toContain('NextContinuationToken');
    expect(keysOf(await list({ 'continuation-token': token }))).toEqual(['c', 'd']);
  });
});
