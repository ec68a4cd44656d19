import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSharedStore, type SharedStore } from '../../src/checkpoint/shared-store.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { UploadJournal, UploadRecord } from '../../src/model/upload-journal.ts';
import { uploadJournalContract } from '../contract/upload-journal-contract.ts';

const open = async (directory: string): Promise<SharedStore> =>
  openSharedStore({ directory: join(directory, 'shared'), now: () => 0 });

uploadJournalContract('one process of a shared store', async (directory) => {
  const store = await open(directory);
  return { journal: store.uploads.own, close: async () => store.close() };
});

describe('the upload journals of a shared store', () => {
  let directory: string;
  let stores: SharedStore[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bucketfill-uploads-'));
    stores = [];
  });
  afterEach(async () => {
    await Promise.all(stores.map(async (store) => store.close()));
    await rm(directory, { recursive: true, force: true });
  });

  const a = objectKey('video/a.mp4');
  const b = objectKey('video/b.mp4');
  const start = async (): Promise<SharedStore> => {
    const store = await open(directory);
    stores.push(store);
    return store;
  };
  const recordsOf = async (journals: readonly UploadJournal[]): Promise<UploadRecord[]> =>
    (await Promise.all(journals.map(async (journal) => journal.all()))).flat();

  it('are one for each process, also for the same key', async () => {
    const [one, other] = [await start(), await start()];
    await one.uploads.own.keep(a, 'one');
    await other.uploads.own.keep(a, 'other');
    await other.uploads.own.drop(a);
    expect(await one.uploads.own.all()).toEqual([{ key: a, sealed: 'one' }]);
    expect(await other.uploads.own.all()).toEqual([]);
  });

  it('are shown to others once their process is gone, and not before', async () => {
    const [first, second, third] = [await start(), await start(), await start()];
    await first.uploads.own.keep(a, 'first');
    await second.uploads.own.keep(a, 'second');
    expect(await third.uploads.ofDead()).toEqual([]);
    await first.close();
    expect(await recordsOf(await third.uploads.ofDead())).toEqual([{ key: a, sealed: 'first' }]);
    await second.close();
    const records = await recordsOf(await third.uploads.ofDead());
    expect(records.map(({ sealed }) => sealed).sort()).toEqual(['first', 'second']);
  });

  it('of the dead can be changed until nothing is left of them', async () => {
    const [dying, heir] = [await start(), await start()];
    await dying.uploads.own.keep(a, '1');
    await dying.uploads.own.keep(b, '2');
    await dying.close();
    const [journal, ...more] = await heir.uploads.ofDead();
    expect(more).toEqual([]);
    await journal?.drop(a);
    await journal?.keep(b, 'less');
    expect(await recordsOf(await heir.uploads.ofDead())).toEqual([{ key: b, sealed: 'less' }]);
    expect(await heir.uploads.own.all()).toEqual([]);
    await journal?.drop(b);
    expect(await heir.uploads.ofDead()).toEqual([]);
  });
});
