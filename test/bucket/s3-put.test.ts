import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';

import type { ObjectMetadata, WriteOptions } from '../../src/model/bucket.ts';
import { Failure } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { FaultAction } from '../support/s3-double-faults.ts';
import { ATTEMPTS, s3UnderTest, type S3UnderTest, type UnderTestOptions } from './s3-under-test.ts';

const { signal } = new AbortController();
const KEY = objectKey('a/b c');
const BYTES = Buffer.from('hello');
const MD5 = createHash('md5').update(BYTES).digest();
const ETAG = `"${MD5.toString('hex')}"`;
const NOTHING: ObjectMetadata = { headers: {}, metadata: {} };
const IF_ABSENT: WriteOptions = { ifAbsent: true };
const ALWAYS: WriteOptions = { ifAbsent: false };

let under: S3UnderTest;
afterEach(async () => {
  await under.destroy();
});

async function open(options: UnderTestOptions = {}): Promise<S3UnderTest> {
  under = await s3UnderTest(options);
  return under;
}

const put = (options = ALWAYS, metadata = NOTHING, bytes: Uint8Array = BYTES) =>
  under.bucket.putBytes(KEY, bytes, metadata, options, signal);
const fails = (action: FaultAction, times = 1) => {
  under.double.fail({ operation: 'PutObject', key: 'a/b c', times, action });
};
const puts = () => under.double.asked('PutObject').filter(({ key }) => key === 'a/b c');
/** Has a store that is known to honour conditions, and nothing of the asking in the log. */
const openConditional = () => open({ bucket: { conditionalWrites: 'always' } });

describe('one PUT', () => {
  it('carries what is kept beside the bytes and how they are to be kept', async () => {
    const bucket = {
      prefix: 'p/',
      storageClass: 'STANDARD',
      acl: 'public-read',
      sse: { type: 'aws:kms', keyId: 'key-1' },
    };
    await open({ bucket });
    const tags = { source: 'mirror', 'a+b/c': 'x =1:@-' };
    const beside = {
      headers: { 'content-type': 'text/plain', 'content-disposition': 'filename="ä"' },
      metadata: { name: 'Größe', plain: 'x' },
    };
    await put({ ...ALWAYS, storageClass: 'STANDARD_IA', tags }, beside);
    const object = under.inside.objects.get('p/a/b c');
    expect(object).toMatchObject({
      bytes: BYTES,
      storageClass: 'STANDARD_IA',
      acl: 'public-read',
      sse: { type: 'aws:kms', keyId: 'key-1' },
      tags,
      metadata: { name: '=?UTF-8?B?R3LDtsOfZQ==?=', plain: 'x' },
    });
    const [request] = under.double.asked('PutObject');
    expect(request?.headers['content-md5']).toBe(MD5.toString('base64'));
    expect(await under.bucket.head(KEY, signal)).toMatchObject({ key: KEY, ...beside });
    expect(under.boundaries).toEqual(['bucket.committed']);
  });

  it.each([
    ['crc32', 'x-amz-checksum-crc32'],
    ['crc32c', 'x-amz-checksum-crc32c'],
    ['sha256', 'x-amz-checksum-sha256'],
  ] as const)('is verified by %s where that is asked for', async (checksum, header) => {
    await open({ bucket: { checksum } });
    await put();
    const [request] = puts();
    expect(request?.headers[header]).toBeDefined();
    expect(request?.headers['content-md5']).toBeUndefined();
    expect(under.inside.objects.get(KEY)?.checksums).toHaveProperty(checksum);
  });

  it('refuses a text that no header carries, and stores nothing', async () => {
    await open();
    const stored = put(ALWAYS, { headers: {}, metadata: { note: 'line\nbreak' } });
    await expect(stored).rejects.toMatchObject({
      code: 'BUCKET_REFUSED',
      message: expect.stringContaining('"note": it holds a control character') as string,
    });
    expect(under.double.requests).toHaveLength(0);
  });

  it('refuses a key that the prefix makes longer than S3 accepts', async () => {
    await open({ bucket: { prefix: 'p/' } });
    const longest = objectKey('k'.repeat(1022));
    await under.bucket.putBytes(longest, BYTES, NOTHING, ALWAYS, signal);
    const longer = objectKey('k'.repeat(1023));
    const code = 'KEY_INVALID';
    await expect(
      under.bucket.putBytes(longer, BYTES, NOTHING, ALWAYS, signal),
    ).rejects.toMatchObject({ code });
    await expect(under.bucket.openUpload(longer, NOTHING, ALWAYS, signal)).rejects.toMatchObject({
      code,
    });
    await expect(under.bucket.head(longer, signal)).rejects.toMatchObject({ code });
    expect(under.inside.keys()).toEqual([`p/${longest}`]);
  });

  it.each([
    ['a reset', { kind: 'reset' }, undefined],
    ['a 500', { kind: 'refuse', status: 500, code: 'InternalError' }, undefined],
    ['a throttle', { kind: 'refuse', status: 503, code: 'SlowDown', retryAfter: '7' }, 7_000],
    ['a lost answer', { kind: 'loseAnswer' }, undefined],
  ] as const)('is sent again after %s', async (_, action, retryAfterMs) => {
    await open();
    fails(action, ATTEMPTS - 1);
    expect(await put()).toEqual({ outcome: 'stored', etag: ETAG });
    expect(puts()).toHaveLength(ATTEMPTS);
    expect(under.delays).toEqual([retryAfterMs, retryAfterMs]);
    expect(under.inside.objects.get(KEY)?.bytes).toEqual(BYTES);
  });

  it.each([
    ['SlowDown', 503, 'BUCKET_THROTTLED'],
    ['InternalError', 500, 'BUCKET_UNREACHABLE'],
    ['AccessDenied', 403, 'BUCKET_REFUSED'],
  ] as const)(
    'that ends in %s fails as %s %s and leaves the old object',
    async (code, status, failure) => {
      await open();
      await put(ALWAYS, NOTHING, Buffer.from('old'));
      fails({ kind: 'refuse', status, code }, ATTEMPTS);
      await expect(put()).rejects.toMatchObject({ name: 'Failure', code: failure, status });
      expect(under.inside.objects.get(KEY)?.bytes.toString()).toBe('old');
      expect(under.boundaries).toEqual(['bucket.committed']);
    },
  );

  it('counts as failed where the answer has the MD5 of something else as ETag', async () => {
    await open();
    fails({ kind: 'etag', etag: `"${'0'.repeat(32)}"` });
    await expect(put()).rejects.toMatchObject({
      code: 'BUCKET_REFUSED',
      message: expect.stringContaining(MD5.toString('hex')) as string,
      requestId: 'DOUBLE',
    });
    expect(under.boundaries).toEqual([]);
  });

  it('takes an ETag that is no MD5 as it is', async () => {
    await open();
    fails({ kind: 'etag', etag: '"v1-random"' });
    expect(await put()).toEqual({ outcome: 'stored', etag: '"v1-random"' });
    expect(under.double.asked('HeadObject')).toHaveLength(0);
  });

  it('without an ETag in the answer is confirmed by a HEAD', async () => {
    await open();
    fails({ kind: 'withoutHeader', name: 'etag' });
    expect(await put()).toEqual({ outcome: 'stored', etag: ETAG });
    expect(under.double.asked('HeadObject')).toHaveLength(1);
  });

  it('without an ETag fails where the HEAD shows something else', async () => {
    await open();
    fails({ kind: 'withoutHeader', name: 'etag' });
    under.double.fail({
      operation: 'HeadObject',
      action: { kind: 'etag', etag: `"${'0'.repeat(32)}"` },
    });
    await expect(put()).rejects.toMatchObject({ code: 'BUCKET_REFUSED', requestId: 'DOUBLE' });
    expect(under.boundaries).toEqual([]);
  });

  it('ends at once with the reason of its signal', async () => {
    await open();
    fails({ kind: 'hang' });
    const stop = new AbortController();
    const stored = under.bucket.putBytes(KEY, BYTES, NOTHING, ALWAYS, stop.signal);
    const reason = new Error('stopped');
    setTimeout(() => {
      stop.abort(reason);
    }, 20);
    await expect(stored).rejects.toBe(reason);
  });
});

describe('a PUT that must not replace anything', () => {
  it('says so to the store and tells who lost', async () => {
    await openConditional();
    expect(await put(IF_ABSENT)).toEqual({ outcome: 'stored', etag: ETAG });
    expect(await put(IF_ABSENT, NOTHING, Buffer.from('late'))).toEqual({ outcome: 'exists' });
    expect(puts().map(({ headers }) => headers['if-none-match'])).toEqual(['*', '*']);
    expect(under.double.asked('HeadObject')).toHaveLength(0);
    expect(under.inside.objects.get(KEY)?.bytes).toEqual(BYTES);
  });

  it('is known as its own after a lost answer, although the repetition finds it taken', async () => {
    await openConditional();
    fails({ kind: 'loseAnswer' });
    expect(await put(IF_ABSENT)).toEqual({ outcome: 'stored', etag: ETAG });
    expect(puts()).toHaveLength(2);
    expect(under.boundaries).toEqual(['bucket.committed']);
  });

  it('is known as its own by its metadata where ETags are no MD5s', async () => {
    await open({
      bucket: { conditionalWrites: 'always', sse: { type: 'aws:kms', keyId: undefined } },
    });
    fails({ kind: 'loseAnswer' });
    const beside = { headers: {}, metadata: { 'bucketfill-url': 'https://a.example/' } };
    expect(await put(IF_ABSENT, beside)).toMatchObject({ outcome: 'stored' });
    under.double.fail({ operation: 'PutObject', action: { kind: 'reset' } });
    const other = { headers: {}, metadata: { 'bucketfill-url': 'https://b.example/' } };
    expect(await put(IF_ABSENT, other)).toEqual({ outcome: 'exists' });
  });

  it('has lost where somebody else came between two of its requests', async () => {
    await openConditional();
    await put(ALWAYS, NOTHING, Buffer.from('HELLO'));
    fails({ kind: 'reset' });
    expect(await put(IF_ABSENT)).toEqual({ outcome: 'exists' });
    expect(under.inside.objects.get(KEY)?.bytes.toString()).toBe('HELLO');
  });

  it('fails where the object that it lost to has gone again', async () => {
    await openConditional();
    fails({ kind: 'reset' });
    const taken = { kind: 'refuse', status: 412, code: 'PreconditionFailed' } as const;
    under.double.fail({ operation: 'PutObject', nth: 2, action: taken });
    await expect(put(IF_ABSENT)).rejects.toMatchObject({ code: 'BUCKET_REFUSED', status: 412 });
  });

  it('fails where two writers keep the store busy', async () => {
    await openConditional();
    fails({ kind: 'refuse', status: 409, code: 'ConditionalRequestConflict' }, ATTEMPTS);
    await expect(put(IF_ABSENT)).rejects.toMatchObject({ name: 'Failure', status: 409 });
    expect(puts()).toHaveLength(ATTEMPTS);
  });

  it.each(['ignored', 'notImplemented'] as const)(
    'looks first where the store has conditions %s, which it asks once',
    async (conditionalWrites) => {
      await open({ double: { switches: { conditionalWrites } } });
      expect(under.bucket.exclusiveCreate()).toBe(false);
      expect(await put(IF_ABSENT)).toMatchObject({ outcome: 'stored' });
      const asked = under.double.requests.length;
      expect(await put(IF_ABSENT, NOTHING, Buffer.from('late'))).toEqual({ outcome: 'exists' });
      expect(under.double.requests.length).toBe(asked + 1);
      expect(under.inside.objects.get(KEY)?.bytes).toEqual(BYTES);
      expect(under.inside.keys()).toEqual([KEY]);
    },
  );

  it('asks the store once for many writers, and again for those whose asker was stopped', async () => {
    await open();
    const stop = new AbortController();
    const hangs = { operation: 'PutObject', key: '.bucketfill-write-check' } as const;
    under.double.fail({ ...hangs, action: { kind: 'hang' } });
    const reason = new Error('stopped');
    const first = under.bucket.putBytes(KEY, BYTES, NOTHING, IF_ABSENT, stop.signal);
    const others = ['x', 'y', 'z'].map((key) =>
      under.bucket.putBytes(objectKey(key), BYTES, NOTHING, IF_ABSENT, signal),
    );
    setTimeout(() => {
      stop.abort(reason);
    }, 30);
    await expect(first).rejects.toBe(reason);
    expect(await Promise.all(others)).toHaveLength(3);
    expect(under.bucket.exclusiveCreate()).toBe(true);
    const probes = under.double.asked('PutObject').filter(({ key }) => key === hangs.key);
    expect(probes).toHaveLength(3);
  });
});

describe('a look at an object', () => {
  it('never takes a 403 for absence or presence', async () => {
    const keys = { accessKeyId: 'blind', secretAccessKey: 'blind', mayList: false };
    await open({ double: { keys: [keys] } });
    const looked = under.bucket.head(objectKey('absent'), signal);
    await expect(looked).rejects.toMatchObject({
      code: 'BUCKET_REFUSED',
      status: 403,
      message: expect.stringContaining('s3:ListBucket') as string,
    });
    await expect(
      under.bucket.read(objectKey('absent'), () => Promise.resolve(), signal),
    ).rejects.toMatchObject({ code: 'BUCKET_REFUSED' });
  });

  it('fails for all of the run where the bucket has gone', async () => {
    await open({ bucketName: 'gone' });
    const read = under.bucket.read(KEY, () => Promise.resolve(), signal);
    await expect(read).rejects.toMatchObject({ name: 'FatalError', kind: 'bucket-unusable' });
  });

  it('tells a body that breaks off as one, of the bucket', async () => {
    await open();
    await put(ALWAYS, NOTHING, Buffer.alloc(100_000, 'x'));
    under.double.fail({
      operation: 'GetObject',
      times: 2,
      action: { kind: 'cutBody', afterBytes: 70_000 },
    });
    const cut = {
      code: 'LENGTH_MISMATCH',
      message: expect.stringContaining('bucket s3://bucket/ could not read "a/b c"') as string,
    };
    const whole = under.bucket.read(KEY, (answer) => answer.bytes(200_000), signal);
    await expect(whole).rejects.toMatchObject(cut);
    const piped = under.bucket.read(KEY, (answer) => answer.pipeTo(() => undefined), signal);
    await expect(piped).rejects.toMatchObject(cut);
    expect(under.double.asked('GetObject')).toHaveLength(2);
  });
});

describe('a reader of an object', () => {
  it('gets its own failure back as it is, even one that a store could have caused', async () => {
    await open();
    await put();
    const mine = new Failure('ORIGIN_UNREACHABLE', 'mine');
    const fail = (): never => {
      throw mine;
    };
    const piped = under.bucket.read(KEY, (answer) => answer.pipeTo(fail), signal);
    await expect(piped).rejects.toBe(mine);
    await expect(under.bucket.read(KEY, () => Promise.reject(mine), signal)).rejects.toBe(mine);
  });
});

describe('a listing', () => {
  it('shows keys without the prefix, and not the object that is the prefix', async () => {
    await open({ bucket: { prefix: 'p/' } });
    const names = ['o', 'p/', 'p/a', 'p/a/b', 'p/b', 'pp'];
    const whole = under.again({});
    for (const name of names) {
      await whole.putBytes(objectKey(name), Buffer.from(name), NOTHING, ALWAYS, signal);
    }
    const list = async (prefix: string, after?: string) => {
      const keys: string[] = [];
      for await (const page of under.bucket.list({ prefix, after }, signal)) {
        keys.push(...page.map(({ key }) => key));
      }
      return keys;
    };
    expect(await list('')).toEqual(['a', 'a/b', 'b']);
    expect(await list('', 'a')).toEqual(['a/b', 'b']);
    expect(await list('a')).toEqual(['a', 'a/b']);
  });
});
