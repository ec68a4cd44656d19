import path from 'node:path';
import process from 'node:process';
import { openFileBucket } from '../bucket/file-bucket.ts';
import type { Bucket } from '../model/bucket.ts';
import { FatalError } from '../model/failure.ts';
import type { BucketSettings } from '../model/rule.ts';
import type { Surroundings } from './surroundings.ts';

/** A bucket and its start check. */
export interface OpenedBucket {
  readonly bucket: Bucket;
  /** @throws FatalError `bucket-unusable`. */
  readonly check: () => Promise<void>;
}

/** Opens the bucket of a rules file that stands in `folder`; relative directories start there. */
export async function openBucket(
  settings: Pick<BucketSettings, 'url' | 'location'>,
  folder: string,
  surroundings: Surroundings,
): Promise<OpenedBucket> {
  const { location, url } = settings;
  if (location.kind === 's3') {
    throw new FatalError(
      'usage',
      `bucket.url ${url}: s3:// buckets are not implemented yet; use file:DIRECTORY`,
    );
  }
  const { clock, onBoundary, host, pid } = surroundings;
  const bucket = await openFileBucket({
    directory: path.resolve(folder, location.path),
    name: url,
    clock,
    owner: { host, pid, isAlive },
    onBoundary,
  });
  return { bucket, check: () => bucket.check() };
}

/** Whether a process with this pid runs on this host, whoever owns it. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
