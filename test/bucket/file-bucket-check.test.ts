import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { adviceFor, asBucketFailure } from '../../src/bucket/file-failure.ts';
import { Failure, FatalError } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { bucketAt, filesBelow, freshFolder } from './directory-under-test.ts';

let folder: string;
let destroy: () => Promise<void>;

beforeEach(async () => {
  ({ folder, destroy } = await freshFolder());
});
afterEach(async () => {
  await destroy();
});

async function problemOf(directory: string): Promise<string> {
  try {
    await (await bucketAt(directory)).check();
    return 'no problem';
  } catch (error) {
    expect(error).toMatchObject({ name: 'FatalError', kind: 'bucket-unusable' });
    return error instanceof Error ? error.message : '';
  }
}

describe('the start check of a directory bucket', () => {
  it('makes the directory, and is content with one that it made before', async () => {
    const directory = join(folder, 'new/deep');
    expect(await problemOf(directory)).toBe('no problem');
    expect(await problemOf(directory)).toBe('no problem');
    expect(await filesBelow(join(directory, '.bucketfill-bucket/tmp'))).toEqual([]);
  });

  it('accepts a link to a directory as the bucket directory', async () => {
    await mkdir(join(folder, 'real'));
    await symlink(join(folder, 'real'), join(folder, 'link'));
    const bucket = await bucketAt(join(folder, 'link'));
    await bucket.check();
    const { signal } = new AbortController();
    const nothing = { headers: {}, metadata: {} };
    await bucket.putBytes(objectKey('a'), Buffer.from('x'), nothing, { ifAbsent: true }, signal);
    expect(await readFile(join(folder, 'real/a'), 'utf8')).toBe('x');
  });

  it('refuses a file, a path below a file and a link to nothing, in one clear line', async () => {
    await writeFile(join(folder, 'file'), '');
    await symlink(join(folder, 'nowhere/at/all'), join(folder, 'dangling'));
    for (const path of ['file', 'file/below', 'dangling']) {
      const problem = await problemOf(join(folder, path));
      expect(problem).toContain(join(folder, path));
      expect(problem).toContain('not a directory');
      expect(problem).not.toContain('\n');
    }
  });

  it('refuses a directory whose own folder is a file or leads elsewhere', async () => {
    await mkdir(join(folder, 'one'));
    await writeFile(join(folder, 'one/.bucketfill-bucket'), '');
    expect(await problemOf(join(folder, 'one'))).toContain('is not a folder');
    await mkdir(join(folder, 'two'));
    await mkdir(join(folder, 'elsewhere'));
    await symlink(join(folder, 'elsewhere'), join(folder, 'two/.bucketfill-bucket'));
    expect(await problemOf(join(folder, 'two'))).toContain('is not a folder');
    expect(await filesBelow(join(folder, 'elsewhere'))).toEqual([]);
  });

  it('refuses a bucket of another format and mends a format file that a crash cut', async () => {
    const directory = join(folder, 'b');
    await problemOf(directory);
    const format = join(directory, '.bucketfill-bucket/format');
    await writeFile(format, '');
    expect(await problemOf(directory)).toBe('no problem');
    expect(await readFile(format, 'utf8')).toContain('format 1');
    await writeFile(format, 'bucketfill directory bucket, format 2\n');
    expect(await problemOf(directory)).toContain('another version');
  });

  it('is made up for by the first store', async () => {
    await writeFile(join(folder, 'file'), '');
    const bucket = await bucketAt(join(folder, 'file'));
    const nothing = { headers: {}, metadata: {} };
    const { signal } = new AbortController();
    const store = bucket.putBytes(
      objectKey('a'),
      Buffer.from('x'),
      nothing,
      { ifAbsent: true },
      signal,
    );
    await expect(store).rejects.toMatchObject({ kind: 'bucket-unusable' });
  });
});

describe('a system error of a directory bucket', () => {
  const systemError = (code: string): Error =>
    Object.assign(new Error(`${code}: something, open '/x'`), { code });

  it.each([
    ['ENOSPC', 'bucket-unusable', 'no space'],
    ['EDQUOT', 'bucket-unusable', 'quota'],
    ['EACCES', 'BUCKET_REFUSED', 'permission'],
    ['EROFS', 'bucket-unusable', 'read-only'],
    ['EIO', 'bucket-unusable', 'disk'],
    ['EMFILE', 'BUCKET_REFUSED', 'ulimit'],
    ['EWEIRD', 'BUCKET_REFUSED', 'EWEIRD: something'],
    ['ENOENT', 'bucket-unusable', 'mounted'],
    ['ENAMETOOLONG', 'KEY_INVALID', 'too long'],
  ])('%s while storing becomes %s and says what to do', (code, kind, advice) => {
    const error = systemError(code);
    const failure = asBucketFailure(error, 'file:./b', 'store "a\\nb"');
    const tag = failure instanceof FatalError ? failure.kind : (failure as Failure).code;
    expect(tag).toBe(kind);
    expect(failure).toMatchObject({ cause: error });
    const message = failure instanceof Error ? failure.message : '';
    expect(message).toContain('bucket file:./b could not store "a\\nb"');
    expect(message).toContain(advice);
    expect(message).not.toContain('\n');
  });

  it('while reading one object says nothing of the others', () => {
    const failure = asBucketFailure(systemError('EIO'), 'b', 'read "a"');
    expect(failure).toMatchObject({ code: 'BUCKET_REFUSED' });
  });

  it('is told apart from failures and bugs, which come through as they are', () => {
    const failure = new Failure('KEY_INVALID', 'x');
    const bug = new TypeError('x is not a function');
    expect(asBucketFailure(failure, 'b', 'read')).toBe(failure);
    expect(asBucketFailure(bug, 'b', 'read')).toBe(bug);
    expect(adviceFor(bug)).toBe('x is not a function');
  });
});
