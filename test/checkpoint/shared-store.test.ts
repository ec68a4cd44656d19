import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSharedStore, type SharedStore } from '../../src/checkpoint/shared-store.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { claimsContract } from '../contract/claims-contract.ts';
import { gaugeStoreContract } from '../contract/gauge-store-contract.ts';
import { fillOf, pendingFillsContract } from '../contract/pending-fills-contract.ts';
import { vendorDocumentsContract } from '../contract/vendor-documents-contract.ts';
import { memoryPendingFills } from '../support/memory-pending-fills.ts';
import { memoryVendorDocuments } from '../support/memory-vendor-documents.ts';

async function sharedPlace(): Promise<{
  readonly open: (now?: () => number) => Promise<SharedStore>;
  readonly remove: () => Promise<void>;
}> {
  const place = await mkdtemp(join(tmpdir(), 'bucketfill-shared-'));
  return {
    open: async (now = () => 0) => openSharedStore({ directory: join(place, 'shared'), now }),
    remove: async () => rm(place, { recursive: true, force: true }),
  };
}

pendingFillsContract('SQLite', sharedPlace);

pendingFillsContract('memory', () => {
  const memory = memoryPendingFills();
  return Promise.resolve({
    open: () => {
      const end = memory.open();
      const close = () => {
        end.close();
        return Promise.resolve();
      };
      return Promise.resolve({ pending: end.pending, close });
    },
    remove: () => Promise.resolve(),
  });
});

claimsContract('SQLite', sharedPlace);

vendorDocumentsContract('SQLite', sharedPlace);

vendorDocumentsContract('memory', () => {
  const vendorDocuments = memoryVendorDocuments();
  const close = () => Promise.resolve();
  return Promise.resolve({
    open: () => Promise.resolve({ vendorDocuments, close }),
    remove: () => Promise.resolve(),
  });
});

describe('the store of the cutover gauge (SQLite)', () => {
  let ends: (() => Promise<void>)[];
  beforeEach(() => {
    ends = [];
  });
  afterEach(async () => {
    for (const end of ends.reverse()) await end();
  });
  gaugeStoreContract(async () => {
    const place = await sharedPlace();
    const store = await place.open();
    ends.push(place.remove, async () => store.close());
    return store.gauge;
  });
});

describe('a shared store', () => {
  let place: string;
  let directory: string;
  let stores: SharedStore[];
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'bucketfill-shared-'));
    directory = join(place, 'buckets', 'media');
    stores = [];
  });
  afterEach(async () => {
    await Promise.allSettled(stores.map(async (store) => store.close()));
    await rm(place, { recursive: true, force: true });
  });

  async function open(): Promise<SharedStore> {
    const store = await openSharedStore({ directory, now: () => 0 });
    stores.push(store);
    return store;
  }

  it('keeps everything when it is closed and opened again', async () => {
    const first = await open();
    await first.pending.record(fillOf('a'));
    const count = { hourMs: 3_600_000, rule: 'all', requests: 3, neededOrigin: 1 };
    const key = { key: 'a', rule: 'all', mark: 'MISS', timeMs: 3_600_001 } as const;
    const limits = { dropHoursBeforeMs: 0, dropKeysBeforeMs: 0, mostKeys: 10 };
    const watch = { sinceMs: 1, untilMs: 2 };
    await first.gauge.add({ watch, counts: [count], keys: [key], ...limits });
    await first.close();
    const second = await open();
    expect(await second.pending.takeOver()).toEqual([fillOf('a')]);
    expect(await second.gauge.load()).toEqual({ watch, counts: [count], keys: [key] });
  });

  it('can be made by many at the same moment, who all get the same one', async () => {
    const opened = await Promise.all(Array.from({ length: 6 }, open));
    await Promise.all(opened.map(async ({ pending }, at) => pending.record(fillOf(String(at)))));
    for (const { pending } of opened) expect(await pending.all()).toHaveLength(opened.length);
  });

  it('stores what waits at the same time by one wait for the disk', async () => {
    const { pending } = await open();
    await pending.record(fillOf('first'));
    const log = join(directory, 'shared.db-wal');
    const before = (await stat(log)).size;
    const many = Array.from({ length: 300 }, (_, at) => fillOf(`many/${at}`));
    await Promise.all(many.map(async (fill) => pending.record(fill)));
    // A commit of its own would write at least the page of its row and that of the head, each time.
    expect((await stat(log)).size - before).toBeLessThan(300 * 4096);
    expect(await pending.all()).toHaveLength(301);
  });

  it('can be closed twice at once, and then says that it is closed', async () => {
    const store = await open();
    await Promise.all([store.close(), store.close()]);
    await store.close();
    await expect(store.pending.all()).rejects.toThrow('the shared store is closed');
  });

  it('leaves no lock file behind', async () => {
    const store = await open();
    expect(await readdir(join(directory, 'owners'))).toHaveLength(1);
    await store.close();
    expect(await readdir(join(directory, 'owners'))).toEqual([]);
  });

  it('is open to nobody but its user, and no part of a checkout', async () => {
    await open();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect(await readdir(directory)).toContain('.gitignore');
  });

  it('keeps no descriptor of the locks that it tried', async () => {
    const [one, other] = [await open(), await open()];
    const key = objectKey('a');
    await one.claims.claim(key, 'one');
    const before = (await readdir('/proc/self/fd')).length;
    for (let times = 0; times < 200; times += 1) await other.claims.claim(key, 'other');
    expect((await readdir('/proc/self/fd')).length).toBeLessThan(before + 50);
  });
});
