import { expect, test } from 'vitest';
import { Failure, FatalError } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { OpenUploads } from '../../src/transfer/open-uploads.ts';
import { seal } from '../../src/transfer/sealed-upload.ts';
import { type Sweep, sweepUploads } from '../../src/transfer/sweep-uploads.ts';
import { memoryBucket } from '../support/memory-bucket.ts';
import { memoryUploadJournal } from '../support/memory-upload-journal.ts';

const { signal } = new AbortController();
const NOW_MS = Date.UTC(2026, 10, 21);
const HOUR_MS = 3_600_000;

function sealed(token: string): string {
  const head = { origin: 'o', url: 'u', status: 200, headers: {}, length: 9, framing: 'length' };
  const keptMs = NOW_MS - (token === 'token c' ? 0 : 2 * HOUR_MS);
  return seal({
    upload: {
      head: { ...head, framing: 'length' },
      gate: { bytes: 0, digests: {} },
      mark: { bytes: 0, token },
      keptMs,
    },
    orphans: [],
  });
}

async function sweepWith(
  abandon: (token: string) => Promise<void>,
  minAgeMs = 0,
): Promise<Sweep & { readonly kept: readonly string[] }> {
  const journal = memoryUploadJournal();
  for (const key of ['a', 'b', 'c']) await journal.keep(objectKey(key), sealed(`token ${key}`));
  const bucket = {
    ...memoryBucket(),
    abandonUpload: (_key: string, token: string) => abandon(token),
  };
  const uploads = await OpenUploads.load(journal, () => NOW_MS);
  const swept = await sweepUploads(uploads, bucket, signal, minAgeMs);
  return { ...swept, kept: (await journal.all()).map(({ key }) => key) };
}

test('every upload that was written down is abandoned, and forgotten', async () => {
  const abandoned: string[] = [];
  const done = await sweepWith((token) => {
    abandoned.push(token);
    return Promise.resolve();
  });
  expect(abandoned).toEqual(['token a', 'token b', 'token c']);
  expect(done).toEqual({ aborted: 3, left: 0, refusals: [], kept: [] });
});

test('what the bucket would not abort stays written down', async () => {
  const done = await sweepWith((token) =>
    token === 'token b'
      ? Promise.reject(new Failure('BUCKET_REFUSED', 'AccessDenied'))
      : Promise.resolve(),
  );
  expect(done).toEqual({ aborted: 2, left: 0, refusals: ['AccessDenied'], kept: ['b'] });
});

test('a bucket that is gone ends the sweep', async () => {
  const gone = new FatalError('bucket-unusable', 'gone');
  await expect(sweepWith(() => Promise.reject(gone))).rejects.toBe(gone);
});

test('what was written down a moment ago is left for the run that goes on with it', async () => {
  const done = await sweepWith(() => Promise.resolve(), HOUR_MS);
  expect(done).toEqual({ aborted: 2, left: 1, refusals: [], kept: ['c'] });
});
