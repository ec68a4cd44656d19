import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lazyClaims } from '../../src/checkpoint/lazy-claims.ts';
import { openSharedStore } from '../../src/checkpoint/shared-store.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { claimsContract } from '../contract/claims-contract.ts';

claimsContract('SQLite, opened when it is needed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bucketfill-lazy-'));
  return {
    open: (now) => Promise.resolve(lazyClaims({ directory: join(directory, 'shared'), now })),
    remove: async () => rm(directory, { recursive: true, force: true }),
  };
});

describe('claims over a store that is opened when it is needed', () => {
  const key = objectKey('a');
  let place: string;
  let directory: string;
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'bucketfill-lazy-'));
    directory = join(place, 'shared');
  });
  afterEach(async () => {
    await rm(place, { recursive: true, force: true });
  });

  it('make nothing where nothing is claimed and nobody else is there', async () => {
    const { claims, close } = lazyClaims({ directory, now: () => 0 });
    expect(await claims.held(key)).toBeUndefined();
    expect(await claims.heldByOthers()).toEqual(new Map());
    await claims.release(key, 'one');
    await close();
    expect(existsSync(directory)).toBe(false);
  });

  it('leave a store alone that nobody has open', async () => {
    await (await openSharedStore({ directory, now: () => 0 })).close();
    await writeFile(join(directory, 'shared.db'), 'whoever opens it fails');
    const { claims, close } = lazyClaims({ directory, now: () => 0 });
    expect(await claims.heldByOthers()).toEqual(new Map());
    await close();
  });

  it('say why, each time, where the store can not be opened', async () => {
    await writeFile(directory, 'no folder');
    const { claims, close } = lazyClaims({ directory, now: () => 0 });
    for (let times = 0; times < 2; times += 1) {
      await expect(claims.heldByOthers()).rejects.toMatchObject({ kind: 'state-unusable' });
      await expect(claims.claim(key, 'one')).rejects.toMatchObject({ kind: 'state-unusable' });
    }
    await close();
  });

  it('free what a dead process held, though its file is still there', async () => {
    await mkdir(join(directory, 'owners'), { recursive: true });
    await writeFile(join(directory, 'owners', '4c3a'), '');
    const { claims, close } = lazyClaims({ directory, now: () => 0 });
    expect(await claims.heldByOthers()).toEqual(new Map());
    expect(await claims.claim(key, 'one')).toBe('granted');
    await close();
  });
});
