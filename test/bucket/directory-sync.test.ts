import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { DirectorySync } from '../../src/bucket/directory-sync.ts';

/** Syncs that end when the test says so. */
function scripted() {
  const ends: ((error?: Error) => void)[] = [];
  const syncOnce = async (): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      ends.push((error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { ends, settle, sync: new DirectorySync(syncOnce) };
}

describe('the sync of directories', () => {
  it('answers callers that come while one runs by one that begins afterwards, all together', async () => {
    const { ends, settle, sync } = scripted();
    const done: string[] = [];
    const call = async (name: string) => {
      await sync.sync('/d');
      done.push(name);
    };
    const calls = [call('first'), call('second'), call('third')];
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await settle();
    expect(done).toEqual(['first']);
    expect(ends).toHaveLength(2);
    calls.push(call('fourth'));
    ends[1]?.();
    await settle();
    expect(done).toEqual(['first', 'second', 'third']);
    ends[2]?.();
    await Promise.all(calls);
    expect(done).toHaveLength(4);
    expect(ends).toHaveLength(3);
  });

  it('tells a failure to those that waited for that sync, and goes on', async () => {
    const { ends, settle, sync } = scripted();
    const failing = sync.sync('/d');
    const next = sync.sync('/d');
    ends[0]?.(new Error('EIO'));
    await expect(failing).rejects.toThrow('EIO');
    await settle();
    ends[1]?.();
    await next;
    expect(ends).toHaveLength(2);
  });

  it('syncs a real directory and fails for one that is not there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bucketfill-sync-'));
    const sync = new DirectorySync();
    await sync.sync(folder);
    await rm(folder, { recursive: true });
    await expect(sync.sync(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
