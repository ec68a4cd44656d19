import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { ObjectMetadata, Upload, WriteOptions } from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Fault, FaultAction } from '../support/s3-double-faults.ts';
import { ATTEMPTS, s3UnderTest, type S3UnderTest, type UnderTestOptions } from './s3-under-test.ts';

const MIB = 2 ** 20;
const PART = 5 * MIB;
const KEY = objectKey('large');
const BESIDE: ObjectMetadata = { headers: { 'content-type': 'a/b' }, metadata: { from: 'x' } };
const MULTIPART = { thresholdBytes: PART, partSizeBytes: PART, concurrency: 2 };
const { signal } = new AbortController();

/** Three parts, the last of them short. */
const WHOLE = Buffer.alloc(2 * PART + 1_000_003);
for (let at = 0; at < WHOLE.length; at += 4)
  WHOLE.writeUInt32LE(at % 2 ** 31, Math.min(at, WHOLE.length - 4));
const md5 = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest();
const PARTS_MD5 = [0, 1, 2].map((index) => md5(WHOLE.subarray(index * PART, (index + 1) * PART)));
const ETAG = `"${md5(Buffer.concat(PARTS_MD5)).toString('hex')}-3"`;

let under: S3UnderTest;
afterEach(async () => {
  await under.destroy();
});

async function open(options: UnderTestOptions = {}): Promise<S3UnderTest> {
  const bucket = { conditionalWrites: 'always', ...options.bucket } as const;
  under = await s3UnderTest({ ...options, bucket });
  return under;
}

const start = (options: Partial<WriteOptions> = {}, stop = signal): Promise<Upload> => {
  const given = { ifAbsent: false, multipart: MULTIPART, ...options };
  return under.bucket.openUpload(KEY, BESIDE, given, stop);
};

async function send(upload: Upload, bytes: Uint8Array = WHOLE, chunkBytes = 999_983) {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    await upload.write(bytes.subarray(at, at + chunkBytes));
  }
}

async function store(options: Partial<WriteOptions> = {}, bytes: Uint8Array = WHOLE) {
  const upload = await start(options);
  try {
    await send(upload, bytes);
    return await upload.commit();
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

const fails = (operation: Fault['operation'], action: FaultAction, more: Partial<Fault> = {}) => {
  under.double.fail({ operation, key: KEY, action, ...more });
};
const stored = () => under.inside.objects.get(KEY)?.bytes;
const isWhole = () => stored()?.equals(WHOLE) === true;
const ask = (...operations: readonly Fault['operation'][]) =>
  operations.map((operation) => under.double.asked(operation).length);

describe('an upload', () => {
  it.each([
    ['of known length', WHOLE.length],
    ['of unknown length', undefined],
  ])('%s beyond the threshold goes in parts, each verified by the store', async (_, length) => {
    await open();
    expect(await store({ length })).toEqual({ outcome: 'stored', etag: ETAG });
    expect(isWhole()).toBe(true);
    expect(under.inside.objects.get(KEY)).toMatchObject({ metadata: BESIDE.metadata });
    const parts = under.double.asked('UploadPart');
    expect(parts.map(({ headers }) => headers['content-md5']).sort()).toEqual(
      PARTS_MD5.map((digest) => digest.toString('base64')).sort(),
    );
    expect(ask('PutObject', 'CreateMultipartUpload', 'HeadObject')).toEqual([0, 1, 0]);
    expect(under.inside.uploads.size).toBe(0);
    expect(under.boundaries).toEqual(['bucket.written', 'bucket.committed']);
  });

  it.each([
    ['at the threshold', PART, PART, 1, 0],
    ['at the threshold, of unknown length', PART, undefined, 1, 0],
    ['one byte beyond', PART + 1, PART + 1, 0, 2],
    ['one byte beyond, of unknown length', PART + 1, undefined, 0, 2],
    ['of whole parts', 2 * PART, 2 * PART, 0, 2],
    ['of no bytes', 0, 0, 1, 0],
  ])('%s takes the right requests', async (_, size, length, puts, parts) => {
    await open();
    const bytes = WHOLE.subarray(0, size);
    expect(await store({ length }, bytes)).toMatchObject({ outcome: 'stored' });
    expect(stored()?.equals(bytes)).toBe(true);
    expect(ask('PutObject', 'UploadPart')).toEqual([puts, parts]);
  });

  it('with a threshold of several parts cuts what it has gathered into them', async () => {
    await open();
    const multipart = { thresholdBytes: 2 * PART - 5, partSizeBytes: PART, concurrency: 3 };
    expect(await store({ multipart })).toEqual({ outcome: 'stored', etag: ETAG });
    expect(isWhole()).toBe(true);
    const small = WHOLE.subarray(0, 2 * PART - 5);
    expect(await store({ multipart }, small)).toMatchObject({ outcome: 'stored' });
    expect(ask('PutObject', 'UploadPart')).toEqual([1, 3]);
  });

  it('keeps its caller waiting while as many parts as are allowed are under way', async () => {
    await open();
    fails('UploadPart', { kind: 'hang' }, { times: 10 });
    const stop = new AbortController();
    const multipart = { ...MULTIPART, concurrency: 1 };
    const upload = await start({ multipart, length: WHOLE.length }, stop.signal);
    await upload.write(WHOLE.subarray(0, PART));
    await upload.write(WHOLE.subarray(PART, PART + 1));
    expect(upload.write(WHOLE.subarray(PART + 1, 2 * PART - 1))).toBeUndefined();
    let settled = false;
    const waiting = Promise.resolve(upload.write(WHOLE.subarray(2 * PART - 1, 2 * PART))).finally(
      () => {
        settled = true;
      },
    );
    const refused = expect(waiting).rejects.toThrow('stopped');
    await vi.waitFor(() => {
      expect(ask('UploadPart')).toEqual([1]);
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(settled).toBe(false);
    expect(ask('UploadPart')).toEqual([1]);
    stop.abort(new Error('stopped'));
    await refused;
    await upload.abort();
    expect(under.inside.uploads.size).toBe(0);
  });

  it.each([
    ['fewer', WHOLE.length + 1],
    ['more', WHOLE.length - 1],
    ['more, all in one PUT', PART - 1],
  ])('of %s bytes than were declared stores nothing', async (_, length) => {
    await open();
    await expect(store({ length })).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
    expect(stored()).toBeUndefined();
    expect(under.inside.uploads.size).toBe(0);
  });

  it.each([
    ['a reset', { kind: 'reset' }],
    ['a 500', { kind: 'refuse', status: 500, code: 'InternalError' }],
    ['a throttle', { kind: 'refuse', status: 503, code: 'SlowDown', retryAfter: '2' }],
    ['a lost answer', { kind: 'loseAnswer' }],
  ] as const)('sends a part alone again after %s', async (_, action) => {
    await open();
    fails('UploadPart', action, { nth: 2, times: 1 });
    expect(await store()).toEqual({ outcome: 'stored', etag: ETAG });
    expect(ask('CreateMultipartUpload', 'UploadPart')).toEqual([1, 4]);
    expect(isWhole()).toBe(true);
  });

  it('fails with a part that fails for good, aborts, and leaves the old object', async () => {
    await open();
    await under.bucket.putBytes(KEY, Buffer.from('old'), BESIDE, { ifAbsent: false }, signal);
    const action = { kind: 'refuse', status: 500, code: 'InternalError' } as const;
    fails('UploadPart', action, { times: ATTEMPTS });
    await expect(store({ multipart: { ...MULTIPART, concurrency: 1 } })).rejects.toMatchObject({
      code: 'BUCKET_UNREACHABLE',
      status: 500,
    });
    expect(ask('UploadPart', 'AbortMultipartUpload')).toEqual([ATTEMPTS, 1]);
    expect(under.inside.uploads.size).toBe(0);
    expect(stored()?.toString()).toBe('old');
  });

  it('fails with a part whose ETag is not its MD5', async () => {
    await open();
    fails('UploadPart', { kind: 'etag', etag: `"${'0'.repeat(32)}"` });
    await expect(store()).rejects.toMatchObject({
      code: 'BUCKET_REFUSED',
      message: expect.stringContaining('took part 1 of "large" with ETag "000') as string,
    });
    expect(ask('CompleteMultipartUpload')).toEqual([0]);
    expect(stored()).toBeUndefined();
    expect(under.inside.uploads.size).toBe(0);
  });

  it('refused at its creation is a failure of the bucket', async () => {
    await open();
    fails('CreateMultipartUpload', { kind: 'refuse', status: 403, code: 'AccessDenied' });
    await expect(store()).rejects.toMatchObject({ code: 'BUCKET_REFUSED', status: 403 });
    expect(ask('AbortMultipartUpload')).toEqual([0]);
  });

  it('stops its parts at once with the reason of its signal, and leaves nothing', async () => {
    await open();
    fails('UploadPart', { kind: 'hang' }, { times: 10 });
    const stop = new AbortController();
    const upload = await start({}, stop.signal);
    await send(upload);
    const reason = new Error('stopped');
    const committed = upload.commit();
    setTimeout(() => {
      stop.abort(reason);
    }, 20);
    await expect(committed).rejects.toBe(reason);
    expect(under.inside.uploads.size).toBe(0);
    expect(stored()).toBeUndefined();
  });

  it('gives up an abort that the store does not answer', async () => {
    await open();
    fails('AbortMultipartUpload', { kind: 'hang' });
    const upload = await start();
    await send(upload);
    const aborted = upload.abort();
    while (ask('AbortMultipartUpload')[0] === 0) await under.clock.settle();
    await under.clock.advance(5_000);
    await aborted;
    expect(under.inside.uploads.size).toBe(1);
  });
});

describe('the completion of an upload', () => {
  it.each(['empty', 'absent'] as const)(
    'is confirmed by a HEAD where its ETag is %s',
    async (completeEtag) => {
      await open({ double: { switches: { completeEtag } } });
      expect(await store()).toEqual({ outcome: 'stored', etag: ETAG });
      expect(ask('HeadObject')).toEqual([1]);
    },
  );

  it('counts as failed where a HEAD shows another object than was sent', async () => {
    await open({ double: { switches: { completeEtag: 'empty' } } });
    fails('HeadObject', { kind: 'etag', etag: `"${'0'.repeat(32)}-3"` });
    await expect(store()).rejects.toMatchObject({
      code: 'BUCKET_REFUSED',
      message: expect.stringContaining(
        `expected ${WHOLE.length} bytes with ETag ${ETAG}`,
      ) as string,
    });
    expect(under.boundaries).toEqual(['bucket.written']);
  });

  it('takes the ETags of stores that make them up, where answer and HEAD agree', async () => {
    await open({ double: { switches: { multipartEtag: 'random' } } });
    const result = await store();
    expect(result).toEqual({ outcome: 'stored', etag: under.inside.objects.get(KEY)?.etag });
    expect(ask('HeadObject')).toEqual([1]);
  });

  it('counts as failed where answer and HEAD have different ETags, both wrong', async () => {
    await open();
    fails('CompleteMultipartUpload', { kind: 'etag', etag: `"${'0'.repeat(32)}-3"` });
    fails('HeadObject', { kind: 'etag', etag: `"${'1'.repeat(32)}-3"` });
    await expect(store()).rejects.toMatchObject({ code: 'BUCKET_REFUSED' });
  });

  it('is found by a HEAD where its answer was lost and the upload is gone', async () => {
    await open();
    fails('CompleteMultipartUpload', { kind: 'loseAnswer' });
    fails(
      'CompleteMultipartUpload',
      { kind: 'refuse', status: 404, code: 'NoSuchUpload' },
      { nth: 2 },
    );
    expect(await store()).toEqual({ outcome: 'stored', etag: ETAG });
    expect(isWhole()).toBe(true);
    expect(under.boundaries).toEqual(['bucket.written', 'bucket.committed']);
  });

  it('fails where the upload is gone and no object is there', async () => {
    await open();
    fails('CompleteMultipartUpload', { kind: 'refuse', status: 404, code: 'NoSuchUpload' });
    await expect(store()).rejects.toMatchObject({ code: 'BUCKET_REFUSED', status: 404 });
    expect(stored()).toBeUndefined();
  });

  it('fails where the upload is gone and an older object is there, which stays', async () => {
    await open();
    await under.bucket.putBytes(KEY, Buffer.from('old'), BESIDE, { ifAbsent: false }, signal);
    fails('CompleteMultipartUpload', { kind: 'refuse', status: 404, code: 'NoSuchUpload' });
    await expect(store()).rejects.toMatchObject({ code: 'BUCKET_REFUSED', status: 404 });
    expect(stored()?.toString()).toBe('old');
  });

  it('is sent again after an error in a body of status 200', async () => {
    await open();
    fails('CompleteMultipartUpload', { kind: 'errorInBody', code: 'InternalError' });
    expect(await store()).toEqual({ outcome: 'stored', etag: ETAG });
    expect(ask('CompleteMultipartUpload')).toEqual([2]);
  });

  it('that never succeeds aborts the upload', async () => {
    await open();
    const times = ATTEMPTS;
    fails('CompleteMultipartUpload', { kind: 'errorInBody', code: 'InternalError' }, { times });
    await expect(store()).rejects.toMatchObject({ code: 'BUCKET_UNREACHABLE' });
    expect(under.inside.uploads.size).toBe(0);
    expect(stored()).toBeUndefined();
  });
});

describe('an upload that must not replace anything', () => {
  const other = async () => {
    const options = { ifAbsent: false };
    await under.bucket.putBytes(KEY, Buffer.from('other'), BESIDE, options, signal);
  };

  it.each(['supported', 'ignored'] as const)(
    'loses to an object that came meanwhile, conditions on completion %s',
    async (conditionalWrites) => {
      await open();
      const upload = await start({ ifAbsent: true });
      await send(upload);
      await other();
      under.double.switches.conditionalWrites = conditionalWrites;
      expect(await upload.commit()).toEqual({ outcome: 'exists' });
      expect(stored()?.toString()).toBe('other');
      expect(under.inside.uploads.size).toBe(0);
      expect(under.boundaries).toEqual(['bucket.committed', 'bucket.written']);
    },
  );

  it('loses to one that came after its last look, and aborts', async () => {
    await open();
    await other();
    fails('HeadObject', { kind: 'refuse', status: 404, code: '' });
    expect(await store({ ifAbsent: true })).toEqual({ outcome: 'exists' });
    expect(ask('HeadObject')).toEqual([1]);
    expect(
      under.double
        .asked('CompleteMultipartUpload')
        .map(({ headers, status }) => [headers['if-none-match'], status]),
    ).toEqual([['*', 412]]);
    expect(stored()?.toString()).toBe('other');
    expect(under.inside.uploads.size).toBe(0);
  });

  it('is known as its own after a lost answer, although the repetition finds it taken', async () => {
    await open();
    fails('CompleteMultipartUpload', { kind: 'loseAnswer' });
    fails(
      'CompleteMultipartUpload',
      { kind: 'refuse', status: 412, code: 'PreconditionFailed' },
      { nth: 2 },
    );
    expect(await store({ ifAbsent: true })).toEqual({ outcome: 'stored', etag: ETAG });
    expect(isWhole()).toBe(true);
  });

  it('is completed without the condition where the store has it on PUT only', async () => {
    await open({ bucket: { conditionalWrites: 'auto' } });
    fails('CompleteMultipartUpload', { kind: 'refuse', status: 501, code: 'NotImplemented' });
    expect(await store({ ifAbsent: true })).toEqual({ outcome: 'stored', etag: ETAG });
    const [first, second] = under.double.asked('CompleteMultipartUpload');
    expect(first?.headers['if-none-match']).toBe('*');
    expect(second?.headers['if-none-match']).toBeUndefined();
  });
});
