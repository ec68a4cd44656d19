import { expect, test } from 'vitest';
import { Failure, FatalError } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { OpenUploads } from '../../src/transfer/open-uploads.ts';
import { seal } from '../../src/transfer/sealed-upload.ts';
import { sweepUploads } from '../../src/transfer/sweep-uploads.ts';
import { memoryBucket } from '../support/memory-bucket.ts';
import { memoryUploadJournal } from '../support/memory-upload-journal.ts';

const { signal } = new AbortController();

function sealed(token: string): string {
  const head = { origin: 'o', url: 'u', status: 200, headers: {}, length: 9, framing: 'length' };
  return seal({
    head: { ...head, framing: 'length' },
    gate: { bytes: 0, digests: {} },
    mark: { bytes: 0, token },
  });
}

async function sweepWith(
  abandon: (token: string) => Promise<void>,
): Promise<{ readonly swept: number; readonly left: readonly string[] }> {
  const journal = memoryUploadJournal();
  for (const key of ['a', 'b', 'c']) await journal.keep(objectKey(key), sealed(`token ${key}`));
  const bucket = {
    ...memoryBucket(),
    abandonUpload: (_key: string, token: string) => abandon(token),
  };
  const swept = await sweepUploads(await OpenUploads.load(journal), bucket, signal);
  return { swept, left: (await journal.all()).map(({ key }) => key) };
}

test('every upload that was written down is abandoned, and forgotten', async () => {
  const abandoned: string[] = [];
  const done = await sweepWith((token) => {
    abandoned.push(token);
    return Promise.resolve();
  });
  expect(abandoned).toEqual(['token a', 'token b', 'token c']);
  expect(done).toEqual({ swept: 3, left: [] });
});

test('what the bucket would not abort stays written down', async () => {
  const done = await sweepWith((token) =>
    token === 'token b'
      ? Promise.reject(new Failure('BUCKET_REFUSED', 'AccessDenied'))
      : Promise.resolve(),
  );
  expect(done).toEqual({ swept: 2, left: ['b'] });
});

test('a bucket that is gone ends the sweep', async () => {
  const gone = new FatalError('bucket-unusable', 'gone');
  await expect(sweepWith(() => Promise.reject(gone))).rejects.toBe(gone);
});
