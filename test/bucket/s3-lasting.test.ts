import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { ObjectMetadata, Upload, UploadMark } from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { s3UnderTest, type S3UnderTest } from './s3-under-test.ts';

const MIB = 2 ** 20;
const PART = 5 * MIB;
const KEY = objectKey('large');
const BESIDE: ObjectMetadata = { headers: { 'content-type': 'a/b' }, metadata: { from: 'x' } };
const MULTIPART = { thresholdBytes: PART, partSizeBytes: PART, concurrency: 2 };
const { signal } = new AbortController();

/** Four parts, the last of them short. */
const WHOLE = Buffer.alloc(3 * PART + 1_000_003);
for (let at = 0; at + 4 <= WHOLE.length; at += 4) WHOLE.writeUInt32LE(at, at);

let under: S3UnderTest;
let marks: UploadMark[];

beforeEach(async () => {
  under = await s3UnderTest({ bucket: { conditionalWrites: 'always' } });
  marks = [];
});
afterEach(async () => {
  await under.destroy();
});

function open(resume?: UploadMark, onMark = keep): Promise<Upload> {
  const options = {
    ifAbsent: true,
    length: WHOLE.length,
    multipart: MULTIPART,
    lasting: { resume, onMark },
  };
  return under.bucket.openUpload(KEY, BESIDE, options, signal);
}

function keep(mark: UploadMark): Promise<void> {
  marks.push(mark);
  return Promise.resolve();
}

async function send(upload: Upload, from: number, to = WHOLE.length): Promise<void> {
  for (let at = from; at < to; at += MIB) {
    await upload.write(WHOLE.subarray(at, Math.min(at + MIB, to)));
  }
}

/** The last mark of a run that was left when two parts and a bit had been sent. */
async function suspended(): Promise<UploadMark> {
  const upload = await open();
  await send(upload, 0, 2 * PART + 77);
  while (marks.at(-1)?.bytes !== 2 * PART) await new Promise((resolve) => setImmediate(resolve));
  await upload.lasting?.suspend();
  const mark = marks.at(-1);
  if (mark === undefined) throw new Error('no mark');
  return mark;
}

describe('an upload that outlives its run', () => {
  test('is marked before any byte is sent, and with every part from the first without a gap', async () => {
    const upload = await open(undefined, (mark) => {
      if (mark.bytes === 0) expect(under.double.asked('UploadPart')).toHaveLength(0);
      return keep(mark);
    });
    await send(upload, 0);
    expect(await upload.commit()).toMatchObject({ outcome: 'stored' });
    // Of the last part there is nothing to go on with.
    const bytes = marks.map((mark) => mark.bytes);
    expect([bytes[0], bytes.at(-1)]).toEqual([0, 3 * PART]);
    expect(bytes).toEqual([...new Set(bytes)].sort((a, b) => a - b));
    expect(upload.lasting).toMatchObject({ startsAt: 0, markEvery: PART });
  });

  test('is gone on with behind the last mark', async () => {
    const mark = await suspended();
    expect(under.inside.uploads.size).toBe(1);
    const before = under.double.asked('UploadPart').length;
    const upload = await open(mark);
    expect(upload.lasting?.startsAt).toBe(2 * PART);
    await send(upload, 2 * PART);
    expect(await upload.commit()).toMatchObject({ outcome: 'stored' });
    expect(under.inside.objects.get(KEY)?.bytes.equals(WHOLE)).toBe(true);
    expect(under.inside.objects.get(KEY)).toMatchObject({ metadata: BESIDE.metadata });
    expect(under.double.asked('UploadPart').length - before).toBe(2);
    expect(under.double.asked('CreateMultipartUpload')).toHaveLength(1);
    expect(under.inside.uploads.size).toBe(0);
  });

  test('goes on being marked', async () => {
    const mark = await suspended();
    marks = [];
    const upload = await open(mark);
    await send(upload, 2 * PART);
    await upload.commit();
    expect(marks.map(({ bytes }) => bytes)).toEqual([3 * PART]);
  });

  test.each<readonly [string, () => void]>([
    [
      'was aborted by somebody',
      () => {
        under.inside.uploads.clear();
      },
    ],
    [
      'has another part in the place of one of ours',
      () => {
        for (const { parts } of under.inside.uploads.values()) {
          const part = parts.get(1);
          if (part !== undefined) parts.set(1, { ...part, etag: `"${'0'.repeat(32)}"` });
        }
      },
    ],
    [
      'lacks a part',
      () => {
        for (const { parts } of under.inside.uploads.values()) parts.delete(1);
      },
    ],
  ])('starts again from byte 0 where it %s', async (_what, change) => {
    const mark = await suspended();
    change();
    const upload = await open(mark);
    expect(upload.lasting?.startsAt).toBe(0);
    await send(upload, 0);
    expect(await upload.commit()).toMatchObject({ outcome: 'stored' });
    expect(under.inside.objects.get(KEY)?.bytes.equals(WHOLE)).toBe(true);
  });

  test.each([
    ['what is no token', 'x'],
    ['a token of another making', '["id",1]'],
    ['a token for parts of another size', '["id",6291456,2,"00"]'],
  ])('starts again from byte 0 by %s', async (_what, token) => {
    const upload = await open({ bytes: 2 * PART, token });
    expect(upload.lasting?.startsAt).toBe(0);
    await upload.abort();
  });

  test('leaves nothing where it is aborted after it was gone on with', async () => {
    const upload = await open(await suspended());
    await upload.abort();
    expect(under.inside.uploads.size).toBe(0);
  });

  test('fails where a mark can not be kept', async () => {
    const refused = new Error('the disk is full');
    const upload = await open(undefined, () => Promise.reject(refused));
    await expect(send(upload, 0)).rejects.toThrow('the disk is full');
    await upload.abort();
    expect(under.inside.uploads.size).toBe(0);
    expect(under.inside.objects.size).toBe(0);
  });

  test('is not there for objects that go in one PUT, nor for unknown lengths', async () => {
    const lasting = { resume: undefined, onMark: keep };
    for (const length of [PART, undefined]) {
      const options = { ifAbsent: true, length, multipart: MULTIPART, lasting };
      const upload = await under.bucket.openUpload(KEY, BESIDE, options, signal);
      expect(upload.lasting).toBeUndefined();
      await upload.abort();
    }
  });
});

test('an abandoned upload is gone, and abandoning it again is no error', async () => {
  const { token } = await suspended();
  await under.bucket.abandonUpload(KEY, token, signal);
  expect(under.inside.uploads.size).toBe(0);
  await under.bucket.abandonUpload(KEY, token, signal);
  await under.bucket.abandonUpload(KEY, 'no token', signal);
  expect(under.double.asked('AbortMultipartUpload')).toHaveLength(2);
});

test("others' uploads are left alone", async () => {
  const other = await under.bucket.openUpload(
    objectKey('other'),
    BESIDE,
    { ifAbsent: true, multipart: MULTIPART },
    signal,
  );
  await other.write(WHOLE.subarray(0, PART + 1));
  const { token } = await suspended();
  await under.bucket.abandonUpload(KEY, token, signal);
  expect([...under.inside.uploads.values()].map(({ key }) => key)).toEqual(['other']);
  await other.abort();
});
