import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openFileBucket } from '../../src/bucket/file-bucket.ts';
import type { FileBucket, FileBucketOptions } from '../../src/bucket/file-bucket.ts';
import { fakeClock } from '../support/fake-clock.ts';

/** A fresh folder for one test. */
export async function freshFolder(): Promise<{ folder: string; destroy: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'bucketfill-bucket-'));
  return { folder, destroy: () => rm(folder, { recursive: true, force: true }) };
}

/** A bucket in `directory` that belongs to a live process 100 of `host-1`. */
export async function bucketAt(
  directory: string,
  change: Partial<FileBucketOptions> = {},
): Promise<FileBucket> {
  return openFileBucket({
    directory,
    name: 'file:./bucket',
    clock: fakeClock(),
    owner: { host: 'host-1', pid: 100, isAlive: (pid) => pid === 100 },
    onBoundary: () => undefined,
    ...change,
  });
}

/** Every file below a folder, by relative path, in order. */
export async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of await readdir(folder, { recursive: true })) {
    if (!(await lstat(join(folder, path))).isDirectory()) found.push(path);
  }
  return found.sort();
}
