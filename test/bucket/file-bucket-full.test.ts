import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { objectKey } from '../../src/model/object-key.ts';
import { bucketAt, filesBelow, freshFolder } from './directory-under-test.ts';

/** What a file system in memory may hold, in bytes. */
const DISK_BYTES = 1024 * 1024;

/** Whether this user may mount; elsewhere what needs a disk of its own is left out. */
async function canMount(): Promise<boolean> {
  const { folder, destroy } = await freshFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'none', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    await destroy();
  }
}

const { signal } = new AbortController();
const beside = (version: string) => ({ headers: {}, metadata: { version } });
const ALWAYS = { ifAbsent: false };

describe.skipIf(!(await canMount()))('a directory bucket on a small disk', () => {
  let root: string;
  let destroy: () => Promise<void>;

  beforeEach(async () => {
    ({ folder: root, destroy } = await freshFolder());
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(DISK_BYTES)}`, 'none', root]);
  });
  afterEach(async () => {
    execFileSync('umount', [root]);
    await destroy();
  });

  it('says that nothing more can be stored on a full disk, keeps the old one and gives the space back', async () => {
    const bucket = await bucketAt(root);
    const key = objectKey('a');
    await bucket.putBytes(key, Buffer.from('old'), beside('old'), ALWAYS, signal);
    const tooLarge = Buffer.alloc(DISK_BYTES * 2);
    const store = bucket.putBytes(key, tooLarge, beside('new'), ALWAYS, signal);
    await expect(store).rejects.toMatchObject({ kind: 'bucket-unusable' });
    await expect(store).rejects.toThrow('no space is left');
    const upload = await bucket.openUpload(key, beside('new'), ALWAYS, signal);
    await expect(Promise.resolve(upload.write(tooLarge))).rejects.toMatchObject({
      kind: 'bucket-unusable',
    });
    await expect(upload.commit()).rejects.toMatchObject({ kind: 'bucket-unusable' });
    expect(await bucket.head(key, signal)).toMatchObject({ size: 3, metadata: { version: 'old' } });
    expect(await filesBelow(join(root, '.bucketfill-bucket/tmp'))).toEqual([]);
    const half = Buffer.alloc(DISK_BYTES / 2, 'x');
    await bucket.putBytes(key, half, beside('new'), ALWAYS, signal);
    expect(await bucket.head(key, signal)).toMatchObject({ size: half.length });
  });

  it('is told unusable at start where it is read-only, and can still be read', async () => {
    const writable = await bucketAt(root);
    await writable.putBytes(objectKey('a'), Buffer.from('x'), beside('1'), ALWAYS, signal);
    execFileSync('mount', ['-o', 'remount,ro', root]);
    await expect(
      writable.putBytes(objectKey('a'), Buffer.from('y'), beside('2'), ALWAYS, signal),
    ).rejects.toMatchObject({ kind: 'bucket-unusable' });
    const bucket = await bucketAt(root);
    await expect(bucket.check()).rejects.toMatchObject({ kind: 'bucket-unusable' });
    await expect(bucket.check()).rejects.toThrow('read-only');
    expect(await bucket.head(objectKey('a'), signal)).toMatchObject({ metadata: { version: '1' } });
  });
});
