import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import type { KeyEntry } from '../../src/model/entry.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { StoreSettings } from '../../src/model/rule.ts';
import { transferObject } from '../../src/transfer/transfer-object.ts';
import type { TransferOutcome } from '../../src/transfer/transfer-outcome.ts';
import { memoryBucket } from '../support/memory-bucket.ts';
import { scriptedOrigin, type ScriptedAnswer } from '../support/scripted-origin.ts';
import { storeSettings } from '../support/settings.ts';

const GIB = 1024 ** 3;
const key = objectKey('k');
const LARGE = 3 * 1024 * 1024;

async function transfer(
  answers: readonly ScriptedAnswer[],
  {
    store = {},
    entry = { key },
    bucket = memoryBucket(),
  }: {
    store?: Partial<StoreSettings>;
    entry?: KeyEntry;
    bucket?: ReturnType<typeof memoryBucket>;
  } = {},
): Promise<TransferOutcome> {
  const source = scriptedOrigin(answers);
  const request = {
    key,
    originKey: 'k',
    query: '',
    url: undefined,
    headers: {},
    unless: undefined,
    onRequest: () => undefined,
  };
  const settings = storeSettings(store);
  return transferObject(
    {
      entry,
      source,
      request,
      bucket,
      store: settings,
      ifAbsent: true,
      stored: undefined,
      memory: byteBudget(GIB),
    },
    new AbortController().signal,
  );
}

const md5 = (body: Uint8Array): string => createHash('md5').update(body).digest('base64');
const code = (code: string): Error => expect.objectContaining({ code }) as Error;

describe.each([
  ['small', Buffer.from('hello')],
  ['middling', Buffer.alloc(200_000, 'abc')],
  ['large', Buffer.alloc(LARGE, 'abc')],
])('a %s body', (_size, body) => {
  test('arrives with its bytes', async () => {
    const bucket = memoryBucket();
    const outcome = await transfer([{ body }], { bucket });
    expect(outcome).toMatchObject({ outcome: 'copied', bytes: body.length, lengthVerified: true });
    expect(bucket.contents.get('k')?.equals(body)).toBe(true);
  });

  test.each([
    ['is shorter than Content-Length', { body: body.subarray(1), length: body.length }],
    ['is longer than Content-Length', { body: Buffer.concat([body, body]), length: body.length }],
    ['does not match Content-MD5', { body, headers: { 'content-md5': md5(Buffer.from('x')) } }],
  ] as const)('that %s is never stored', async (_name, answer) => {
    const bucket = memoryBucket();
    await expect(transfer([answer], { bucket })).rejects.toThrow();
    expect(bucket.contents.size).toBe(0);
    expect(bucket.openUploads()).toBe(0);
  });

  test('passes with its Content-MD5, base64 or hex', async () => {
    const base64 = md5(body);
    const hex = Buffer.from(base64, 'base64').toString('hex');
    for (const value of [base64, hex]) {
      const outcome = await transfer([{ body, headers: { 'content-md5': value } }]);
      expect(outcome.outcome).toBe('copied');
    }
  });

  test.each(['digest', 'repr-digest', 'content-digest'])('is held against %s', async (name) => {
    const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');
    const header = (bytes: Uint8Array) =>
      name === 'digest' ? `sha-256=${sha256(bytes)}` : `sha-256=:${sha256(bytes)}:`;
    expect((await transfer([{ body, headers: { [name]: header(body) } }])).outcome).toBe('copied');
    const wrong = { body, headers: { [name]: header(Buffer.from('other')) } };
    await expect(transfer([wrong])).rejects.toThrow(code('DIGEST_MISMATCH'));
  });

  test('with a Content-MD5 that is none is refused', async () => {
    const answer = { body, headers: { 'content-md5': 'nonsense' } };
    await expect(transfer([answer])).rejects.toThrow(code('DIGEST_MISMATCH'));
  });

  test('that is not what a list declared is refused', async () => {
    await expect(transfer([{ body }], { entry: { key, size: body.length + 1 } })).rejects.toThrow(
      code('LENGTH_MISMATCH'),
    );
    await expect(
      transfer([{ body }], { entry: { key, md5: md5(Buffer.from('x')) } }),
    ).rejects.toThrow(code('DIGEST_MISMATCH'));
  });

  test('loses to whoever stored the key first', async () => {
    const bucket = memoryBucket();
    bucket.contents.set('k', Buffer.from('theirs'));
    expect(await transfer([{ body }], { bucket })).toEqual({
      outcome: 'skipped',
      reason: 'exists',
    });
    expect(bucket.contents.get('k')?.toString()).toBe('theirs');
  });
});

describe('a body whose end only a closed connection marks', () => {
  const body = Buffer.alloc(LARGE, 'xyz');
  const open = { body, framing: 'close' } as const;

  test('is stored when a second read agrees', async () => {
    const bucket = memoryBucket();
    const outcome = await transfer([open, open], { bucket });
    expect(outcome).toMatchObject({ outcome: 'copied', lengthVerified: true });
    expect(bucket.contents.get('k')?.equals(body)).toBe(true);
  });

  test('is not stored when a second read is longer', async () => {
    const bucket = memoryBucket();
    const cut = { body: body.subarray(0, 1000), framing: 'close' } as const;
    await expect(transfer([cut, open], { bucket })).rejects.toThrow(code('LENGTH_MISMATCH'));
    expect(bucket.contents.size + bucket.openUploads()).toBe(0);
  });

  test('is not stored when a second read has other bytes', async () => {
    const bucket = memoryBucket();
    const changed = { body: Buffer.alloc(LARGE, 'xyZ'), framing: 'close' } as const;
    await expect(transfer([open, changed], { bucket })).rejects.toThrow(code('ORIGIN_CHANGED'));
    expect(bucket.contents.size + bucket.openUploads()).toBe(0);
  });

  test('is stored unverified where the rule accepts that', async () => {
    const outcome = await transfer([open], { store: { unknownLength: 'accept' } });
    expect(outcome).toMatchObject({ outcome: 'copied', lengthVerified: false });
  });

  test('is refused where the rule says so', async () => {
    const store = { unknownLength: 'refuse' } as const;
    await expect(transfer([open], { store })).rejects.toThrow(code('LENGTH_UNKNOWN'));
  });

  test('needs no second read where the list declares its size', async () => {
    const entry = { key, size: body.length };
    expect(await transfer([open], { entry })).toMatchObject({ lengthVerified: true });
  });
});

test('a chunked body is stored after one read', async () => {
  const outcome = await transfer([{ body: Buffer.from('x'), framing: 'chunked' }]);
  expect(outcome).toMatchObject({ outcome: 'copied', bytes: 1, lengthVerified: true });
});

test('a 200 that calls itself a part is never stored', async () => {
  const bucket = memoryBucket();
  const answer = { body: Buffer.from('ab'), headers: { 'content-range': 'bytes 0-1/5' } };
  await expect(transfer([answer], { bucket })).rejects.toThrow(code('LENGTH_MISMATCH'));
  expect(bucket.contents.size).toBe(0);
  const whole = { body: Buffer.from('ab'), headers: { 'content-range': 'bytes 0-1/2' } };
  expect((await transfer([whole])).outcome).toBe('copied');
});

test('Q11 requireLength refuses an origin without Content-Length', async () => {
  const answer = { body: Buffer.from('x'), framing: 'chunked' } as const;
  await expect(transfer([answer], { store: { requireLength: true } })).rejects.toThrow(
    code('LENGTH_UNKNOWN'),
  );
});

const reject = { empty: false, htmlForMedia: false, maxSizeBytes: 1024 };
const html = { 'content-type': 'text/html; charset=utf-8' };
test.each([
  ['too large a body', { body: Buffer.alloc(1025) }, { reject }],
  ['too large a chunked body', { body: Buffer.alloc(1025), framing: 'chunked' }, { reject }],
  ['an empty body', { body: Buffer.alloc(0) }, { reject: { ...reject, empty: true } }],
  ['a cookie', { body: key, headers: { 'set-cookie': 'a=1' } }, { private: 'refuse' }],
  ['no-store', { body: key, headers: { 'cache-control': 'No-Store' } }, { private: 'refuse' }],
] as const)('content that the rule rejects is not stored: %s', async (_name, answer, store) => {
  const bucket = memoryBucket();
  const { body, ...rest } = answer;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  await expect(transfer([{ ...rest, body: bytes }], { store, bucket })).rejects.toThrow(
    code('CONTENT_REJECTED'),
  );
  expect(bucket.contents.size + bucket.openUploads()).toBe(0);
});

test('an error page under a media key is rejected where the rule asks for that', async () => {
  const store = { reject: { ...reject, htmlForMedia: true } };
  const answer = { body: Buffer.from('<html>'), headers: html };
  const entry = { key: objectKey('a/b.mp4') };
  await expect(transfer([answer], { store, entry })).rejects.toThrow(code('CONTENT_REJECTED'));
  expect((await transfer([answer], { store })).outcome).toBe('copied');
});
