import { linkSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { objectKey } from '../../src/model/object-key.ts';
import type { Boundary } from '../../src/model/ports.ts';
import { bucketAt, filesBelow, freshFolder } from './directory-under-test.ts';

const { signal } = new AbortController();
const BOUNDARIES = ['bucket.written', 'bucket.described', 'bucket.committed'] as const;

const beside = (version: string) => ({ headers: {}, metadata: { version } });

let folder: string;
let root: string;
let destroy: () => Promise<void>;

beforeEach(async () => {
  ({ folder, destroy } = await freshFolder());
  root = join(folder, 'bucket');
});
afterEach(async () => {
  await destroy();
});

/** The same files under another root, inodes included: what a crash at this moment would leave. */
function snapshot(from: string, to: string): void {
  mkdirSync(to);
  for (const path of readdirSync(from, { recursive: true, encoding: 'utf8' }).sort()) {
    const source = join(from, path);
    if (lstatSync(source).isDirectory()) mkdirSync(join(to, path));
    else linkSync(source, join(to, path));
  }
}

/** Stores `next` over, or beside, what is there and gives the bucket as a crash at `at` leaves it. */
async function crashAt(at: Boundary, key: string, ifAbsent: boolean, before: string | undefined) {
  const crashed = join(folder, 'crashed');
  const options = { ifAbsent };
  if (before !== undefined) {
    const first = await bucketAt(root);
    await first.putBytes(objectKey(key), Buffer.from(before), beside(before), { ifAbsent }, signal);
  }
  const bucket = await bucketAt(root, {
    onBoundary: (boundary) => {
      if (boundary === at) snapshot(root, crashed);
    },
  });
  await bucket.putBytes(objectKey(key), Buffer.from('next'), beside('next'), options, signal);
  rmSync(root, { recursive: true });
  const reopened = await bucketAt(crashed, {
    owner: { host: 'host-1', pid: 200, isAlive: (pid) => pid === 200 },
  });
  const read = async () =>
    reopened.read(
      objectKey(key),
      async (answer) => ({
        text: Buffer.from(await answer.bytes(100)).toString(),
        version: answer.object.metadata['version'],
      }),
      signal,
    );
  return { crashed, reopened, read };
}

describe.each(BOUNDARIES)('a bucket whose process dies at %s', (at) => {
  it.each(['a/b', 'a//b'])(
    'has the old %s or the new one, whole and with its own metadata',
    async (key) => {
      const { read, reopened } = await crashAt(at, key, false, 'old');
      const expected = at === 'bucket.committed' ? 'next' : 'old';
      expect(await read()).toEqual({ text: expected, version: expected });
      await reopened.check();
      expect(await read()).toEqual({ text: expected, version: expected });
    },
  );

  it.each([true, false])(
    'has all or nothing of a new object, conditional: %s',
    async (ifAbsent) => {
      const { read, reopened, crashed } = await crashAt(at, 'a', ifAbsent, undefined);
      const expected = at === 'bucket.committed' ? { text: 'next', version: 'next' } : undefined;
      expect(await read()).toEqual(expected);
      await reopened.check();
      expect(await read()).toEqual(expected);
      const own = await filesBelow(join(crashed, '.bucketfill-bucket'));
      const left = own.filter((path) => path.startsWith('tmp/') || path.startsWith('meta/'));
      expect(left).toHaveLength(expected === undefined ? 0 : 1);
    },
  );

  it('stores again after the crash', async () => {
    const { read, reopened } = await crashAt(at, 'a', false, 'old');
    await reopened.check();
    await reopened.putBytes(
      objectKey('a'),
      Buffer.from('third'),
      beside('third'),
      { ifAbsent: false },
      signal,
    );
    expect(await read()).toEqual({ text: 'third', version: 'third' });
  });
});

describe('a store that fails at a boundary', () => {
  it.each(BOUNDARIES)('leaves no half object and no rubbish at %s', async (at) => {
    let armed = false;
    const bucket = await bucketAt(root, {
      onBoundary: (boundary) => {
        if (armed && boundary === at) throw new Error('boom');
      },
    });
    const options = { ifAbsent: false };
    await bucket.putBytes(objectKey('a'), Buffer.from('old'), beside('old'), options, signal);
    armed = true;
    const failing = bucket.putBytes(
      objectKey('a'),
      Buffer.from('next'),
      beside('next'),
      options,
      signal,
    );
    await expect(failing).rejects.toThrow('boom');
    const expected = at === 'bucket.committed' ? 'next' : 'old';
    expect((await bucket.head(objectKey('a'), signal))?.metadata).toEqual({ version: expected });
    expect(await filesBelow(join(root, '.bucketfill-bucket/tmp'))).toEqual([]);
    expect(await filesBelow(join(root, '.bucketfill-bucket/meta'))).toHaveLength(1);
  });
});

describe('temp files in a bucket that is opened', () => {
  it('go when their process is dead, and stay when it lives, is elsewhere, or is not ours', async () => {
    const tmp = join(root, '.bucketfill-bucket/tmp');
    await mkdir(tmp, { recursive: true });
    const hash = '0'.repeat(32);
    const dead = `7.abc.1.${hash}.host-1`;
    const kept = [
      `100.abc.1.${hash}.host-1`,
      `7.abc.1.${hash}.host-1.example`,
      'readme',
      `x.y.1.${hash}.host-1`,
    ];
    for (const name of [dead, ...kept]) await writeFile(join(tmp, name), 'x');
    const bucket = await bucketAt(root);
    expect(await filesBelow(tmp)).toHaveLength(5);
    await bucket.check();
    expect(await filesBelow(tmp)).toEqual(kept.sort());
  });

  it('of this process are not taken by another of the same name', async () => {
    const first = await bucketAt(root);
    const second = await bucketAt(root);
    const options = { ifAbsent: false };
    const uploads = await Promise.all(
      [first, second].map((bucket) =>
        bucket.openUpload(objectKey('a'), beside('x'), options, signal),
      ),
    );
    for (const [index, upload] of uploads.entries()) {
      await upload.write(Buffer.from(`bytes ${index}`));
      expect(await upload.commit()).toMatchObject({ outcome: 'stored' });
      expect((await first.head(objectKey('a'), signal))?.size).toBe(7);
    }
  });
});
