import { mkdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { FileBucket } from '../../src/bucket/file-bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { bucketAt, filesBelow, freshFolder } from './directory-under-test.ts';

const { signal } = new AbortController();
const NOTHING_BESIDE = { headers: {}, metadata: {} };

let folder: string;
let root: string;
let destroy: () => Promise<void>;
let bucket: FileBucket;

beforeEach(async () => {
  ({ folder, destroy } = await freshFolder());
  root = join(folder, 'bucket');
  bucket = await bucketAt(root);
});
afterEach(async () => {
  await destroy();
});

const put = (key: string, text: string, ifAbsent = false, metadata = NOTHING_BESIDE) =>
  bucket.putBytes(objectKey(key), Buffer.from(text), metadata, { ifAbsent }, signal);
const head = (key: string) => bucket.head(objectKey(key), signal);
const get = (key: string) =>
  bucket.read(
    objectKey(key),
    async (answer) => Buffer.from(await answer.bytes(1e6)).toString(),
    signal,
  );

async function listKeys(): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of bucket.list({ prefix: '' }, signal))
    keys.push(...page.map((object) => object.key));
  return keys;
}

const ownFiles = async (below: string): Promise<string[]> =>
  filesBelow(join(root, '.bucketfill-bucket', below));

describe('a bucket in a directory', () => {
  it('holds a key that is a plain relative path as the file at that path, and no other file', async () => {
    await put('a/b c/ü.txt', 'x');
    expect(await readFile(join(root, 'a/b c/ü.txt'), 'utf8')).toBe('x');
    const files = await filesBelow(root);
    expect(files.filter((file) => !file.startsWith('.bucketfill-bucket/'))).toEqual([
      'a/b c/ü.txt',
    ]);
  });

  it('leaves no temp file and one description an object behind', async () => {
    await put('a', '1');
    await put('a', '2');
    await put('a', 'lost', true);
    await put('a//b', '3');
    await put('a//b', '4');
    expect(await ownFiles('tmp')).toEqual([]);
    expect(await ownFiles('meta')).toHaveLength(2);
  });

  it('removes the descriptions of all versions but the last when many write one key at once', async () => {
    await Promise.all(Array.from({ length: 12 }, (_, index) => put('a', String(index))));
    expect(await ownFiles('meta')).toHaveLength(1);
    expect(await ownFiles('tmp')).toEqual([]);
  });

  it('shows files that somebody put there by hand, with an ETag of their own', async () => {
    await mkdir(join(root, 'by'), { recursive: true });
    await writeFile(join(root, 'by/hand.txt'), 'hello');
    const first = await head('by/hand.txt');
    expect(first).toMatchObject({ size: 5, headers: {}, metadata: {} });
    expect(first?.etag).toMatch(/^"[0-9a-f]+-[0-9a-f]+-[0-9a-f]+"$/);
    expect(await get('by/hand.txt')).toBe('hello');
    expect(await listKeys()).toEqual(['by/hand.txt']);
    expect(await put('by/hand.txt', 'mine', true)).toEqual({ outcome: 'exists' });
    await utimes(join(root, 'by/hand.txt'), 1, 1);
    expect((await head('by/hand.txt'))?.etag).not.toBe(first?.etag);
  });

  it('never gives metadata of a stored version to a file that replaced it by hand', async () => {
    await put('a', '12345', false, { headers: { 'content-type': 'x/y' }, metadata: { v: '1' } });
    const stored = await head('a');
    await writeFile(join(folder, 'other'), '54321');
    await rename(join(folder, 'other'), join(root, 'a'));
    const replaced = await head('a');
    expect(replaced).toMatchObject({ size: 5, headers: {}, metadata: {} });
    expect(replaced?.etag).not.toBe(stored?.etag);
  });

  it('says which file is to blame when metadata is damaged', async () => {
    await put('a', '1');
    const [name] = await ownFiles('meta');
    await writeFile(join(root, '.bucketfill-bucket/meta', String(name)), '{"version":1,');
    await expect(head('a')).rejects.toMatchObject({ code: 'BUCKET_REFUSED' });
    await expect(head('a')).rejects.toThrow(String(name));
  });

  it("keeps a stored version's metadata over a restart", async () => {
    const beside = { headers: { 'content-type': 'x/y' }, metadata: { v: '1' } };
    await put('a', '1', false, beside);
    const before = await head('a');
    bucket = await bucketAt(root);
    expect(await head('a')).toEqual(before);
  });

  it('tells a body that is cut while it is read', async () => {
    await put('a', 'x'.repeat(600_000));
    const cut = bucket.read(
      objectKey('a'),
      (answer) =>
        answer.pipeTo(async () => {
          await writeFile(join(root, 'a'), 'x');
        }),
      signal,
    );
    await expect(cut).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
  });

  it('reads as empty and makes nothing as long as it is only asked', async () => {
    expect(await head('a')).toBeUndefined();
    expect(await listKeys()).toEqual([]);
    await expect(stat(root)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('passes over names that can not be keys when it lists', async () => {
    await put('ok', '1');
    await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), 'x');
    expect(await listKeys()).toEqual(['ok']);
  });

  it('recovers when a folder is removed by hand between two stores', async () => {
    await put('d/e/one', '1');
    await rm(join(root, 'd'), { recursive: true });
    await put('d/e/two', '2');
    expect(await listKeys()).toEqual(['d/e/two']);
  });

  it('keeps one object of a key whose place became free by hand', async () => {
    await put('a', 'file');
    await put('a/b', 'encoded');
    await rm(join(root, 'a'));
    expect(await get('a/b')).toBe('encoded');
    expect(await put('a/b', 'second', true)).toEqual({ outcome: 'exists' });
    await put('a/b', 'third');
    expect(await readFile(join(root, 'a/b'), 'utf8')).toBe('third');
    expect(await get('a/b')).toBe('third');
    expect(await listKeys()).toEqual(['a/b']);
    expect(await ownFiles('keys')).toEqual([]);
  });
});

describe('a bucket directory with something else in it', () => {
  it('never writes, reads or lists through a link that is part of a path', async () => {
    const outside = join(folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), 'secret');
    await mkdir(root);
    await symlink(outside, join(root, 'link'));
    await mkdir(join(root, 'deep'));
    await symlink(outside, join(root, 'deep/link'));
    for (const key of ['link/secret', 'deep/link/secret']) {
      expect(await head(key)).toBeUndefined();
      expect(await get(key)).toBeUndefined();
      expect(await put(key, 'mine', true)).toMatchObject({ outcome: 'stored' });
      expect(await get(key)).toBe('mine');
      await put(key.replace('secret', 'new/er'), 'mine');
    }
    expect(await filesBelow(outside)).toEqual(['secret']);
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
    expect(await listKeys()).toEqual([
      'deep/link/new/er',
      'deep/link/secret',
      'link/new/er',
      'link/secret',
    ]);
  });

  it('never follows or replaces a link that stands at a key', async () => {
    const target = join(folder, 'target');
    await writeFile(target, 'outside');
    await mkdir(root);
    await symlink(target, join(root, 'a'));
    await symlink(join(folder, 'nowhere'), join(root, 'dangling'));
    for (const key of ['a', 'dangling']) {
      expect(await head(key)).toBeUndefined();
      await put(key, 'one');
      await put(key, 'two');
      expect(await get(key)).toBe('two');
    }
    expect(await readFile(target, 'utf8')).toBe('outside');
    expect((await filesBelow(folder)).filter((path) => !path.startsWith('bucket/'))).toEqual([
      'target',
    ]);
  });

  it('sees a folder that is replaced by a link while it runs', async () => {
    const clock = fakeClock();
    bucket = await bucketAt(root, { clock });
    await put('d/a', 'inside');
    await mkdir(join(folder, 'outside'));
    await rename(join(root, 'd'), join(folder, 'moved'));
    await symlink(join(folder, 'outside'), join(root, 'd'));
    await clock.advance(1_000);
    await put('d/b', 'x');
    expect(await filesBelow(join(folder, 'outside'))).toEqual([]);
    expect(await get('d/b')).toBe('x');
  });

  it('stores beside a folder or a socket that stands at a key', async () => {
    await mkdir(join(root, 'folder'), { recursive: true });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
    for (const key of ['folder', 'socket', 'folder/in', 'socket/in']) {
      expect(await put(key, key, true)).toMatchObject({ outcome: 'stored' });
      expect(await put(key, 'again', true)).toEqual({ outcome: 'exists' });
      await put(key, `${key}!`);
      expect(await get(key)).toBe(`${key}!`);
    }
    await new Promise((resolve) => server.close(resolve));
    expect(await listKeys()).toEqual(['folder', 'folder/in', 'socket', 'socket/in']);
  });

  it('refuses a key whose encoded place is taken by something else', async () => {
    await mkdir(join(root, '.bucketfill-bucket/keys', `${Buffer.from('a/').toString('hex')}.o`), {
      recursive: true,
    });
    await expect(put('a/', 'x')).rejects.toMatchObject({ code: 'BUCKET_REFUSED' });
    await expect(put('a/', 'x', true)).rejects.toThrow('stands at');
  });

  it('refuses a key whose path is too long for the system, and only that one', async () => {
    const long = join(root, ...Array.from({ length: 11 }, () => 'd'.repeat(200)));
    await mkdir(long, { recursive: true });
    bucket = await bucketAt(long);
    await put('a//', 'x');
    await expect(put('\u0000'.repeat(1024), 'x')).rejects.toMatchObject({ code: 'KEY_INVALID' });
    expect(await head('\u0000'.repeat(1024))).toBeUndefined();
    expect(await listKeys()).toEqual(['a//']);
    expect(await filesBelow(join(long, '.bucketfill-bucket/tmp'))).toEqual([]);
  });
});
