import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { directoryId } from '../../src/bucket/directory-id.ts';

async function freshRoot(): Promise<string> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-id-'));
  await mkdir(path.join(root, '.bucketfill-bucket/tmp'), { recursive: true });
  return root;
}

test('many who ask at once get the one id that stays', async () => {
  for (let round = 0; round < 50; round += 1) {
    const root = await freshRoot();
    const ids = await Promise.all([1, 2, 3, 4].map(() => directoryId(root)));
    expect(new Set([...ids, await directoryId(root)]).size).toBe(1);
    expect(await readdir(path.join(root, '.bucketfill-bucket/tmp'))).toEqual([]);
    await rm(root, { recursive: true });
  }
});

test('two directories have two ids', async () => {
  const [one, two] = [await freshRoot(), await freshRoot()];
  expect(await directoryId(one)).not.toBe(await directoryId(two));
  await Promise.all([rm(one, { recursive: true }), rm(two, { recursive: true })]);
});
