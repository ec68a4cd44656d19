import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { fdatasyncSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobStore } from '../../src/checkpoint/job-store.ts';
import { type LogDisk, ResultsLog } from '../../src/checkpoint/results-log.ts';
import { openSqliteState } from '../../src/checkpoint/sqlite-state.ts';
import type { EntryResult } from '../../src/model/checkpoint.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { batch, segment } from '../contract/checkpoint-contract.ts';
import { allResults } from './all-results.ts';

/** Milliseconds since the epoch. */
const NOW = Date.UTC(2026, 10, 20, 4);

const DISK: LogDisk = {
  writeSync: (fd, bytes, from, position) =>
    writeSync(fd, bytes, from, bytes.length - from, position),
  fdatasyncSync,
};

describe('the results log', () => {
  let directory: string;
  let file: string;
  let root: string;
  let opened: { close: () => unknown }[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bucketfill-results-'));
    file = join(directory, 'checkpoint.db');
    root = join(directory, 'results');
    opened = [];
  });
  afterEach(async () => {
    for (const one of opened) await one.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function open() {
    const { checkpoint } = await openSqliteState({ file, results: 'all', now: () => NOW });
    opened.push(checkpoint);
    return checkpoint;
  }

  function openStore(disk: LogDisk = DISK, rotateBytes?: number): JobStore {
    const store = JobStore.open(file, 0, new ResultsLog(root, disk, rotateBytes));
    opened.unshift(store);
    return store;
  }

  function close(store: JobStore): void {
    opened = opened.filter((one) => one !== store);
    store.close();
  }

  function result(id: number, index: number, key = `${id}/${index}`): EntryResult {
    const place = { segment: id, index, key: objectKey(key) };
    return { ...place, outcome: 'skipped', rule: 'r', reason: 'exists' };
  }

  const told = (id: number) => [0, 1, 2, 3].map((index) => result(id, index));
  const line = (id: number, index = 0) => `${JSON.stringify(result(id, index))}\n`;
  const write = (id: number, lines = line(id)) =>
    ({ op: 'commit', segments: [segment(id)], lines, finished: false }) as const;
  const places = async (back?: number) =>
    (await allResults(directory, back)).map((found) => `${found.segment}/${found.index}`);
  const firstFile = () => join(root, '00000001', '00000001.jsonl.gz');

  it('gives back what was committed, in order, with the time', async () => {
    const checkpoint = await open();
    await checkpoint.begin({});
    const failed: EntryResult = {
      ...{ segment: 0, index: 0, keyBase64: '/w==' },
      ...{ outcome: 'failed', rule: null, code: 'KEY_INVALID', message: 'ü\n', attempts: 0 },
    };
    await checkpoint.commit({ ...batch([segment(0)]), results: [failed, ...told(0).slice(1)] });
    await checkpoint.commit({ ...batch([segment(1)]), results: told(1) });
    const time = '2026-11-20T04:00:00.000Z';
    const all = [failed, ...told(0).slice(1), ...told(1)].map((one) => ({ time, ...one }));
    expect(await allResults(directory)).toEqual(all);
  });

  it('is JSON Lines that gzip reads', async () => {
    const checkpoint = await open();
    await checkpoint.begin({});
    for (const id of [0, 1]) {
      await checkpoint.commit({ ...batch([segment(id)]), results: told(id) });
    }
    const lines = gunzipSync(await readFile(firstFile()))
      .toString()
      .trim()
      .split('\n');
    expect(lines.map((text) => (JSON.parse(text) as { key: string }).key)).toEqual(
      [...told(0), ...told(1)].map((one) => ('key' in one ? one.key : '')),
    );
  });

  it('gives nothing where nothing was kept', async () => {
    expect(await allResults(directory)).toEqual([]);
    const checkpoint = await open();
    await checkpoint.begin({});
    await checkpoint.commit(batch([segment(0)]));
    expect(await allResults(directory)).toEqual([]);
  });

  it('writes the lines of commits that wait together at once, before the checkpoint', () => {
    const steps: string[] = [];
    const store = openStore({
      writeSync: (...given) => {
        steps.push('write');
        return DISK.writeSync(...given);
      },
      fdatasyncSync: (fd) => {
        steps.push('sync');
        DISK.fdatasyncSync(fd);
      },
    });
    store.begin({});
    store.write([write(0), write(1), write(2)]);
    expect(steps).toEqual(['write', 'sync']);
  });

  it.each([1, 19, 20, 60, 4000])(
    'cuts off %d bytes that a killed process left, and reads on behind them',
    async (bytes) => {
      const store = openStore();
      store.begin({});
      store.write([write(0)]);
      close(store);
      const whole = await readFile(firstFile());
      // A torn batch begins as a whole one does.
      await appendFile(firstFile(), Buffer.concat([whole, Buffer.alloc(4000)]).subarray(0, bytes));
      const again = openStore();
      expect((await stat(firstFile())).size).toBe(whole.length);
      again.write([write(1)]);
      expect(await places()).toEqual(['0/0', '1/0']);
    },
  );

  it('reads up to a torn end, also where the torn batch has its full length', async () => {
    const store = openStore();
    store.begin({});
    store.write([write(0)]);
    const whole = await readFile(firstFile());
    for (const torn of [
      whole.subarray(0, 30),
      Buffer.concat([whole.subarray(0, 30), Buffer.alloc(whole.length - 30)]),
    ]) {
      await writeFile(firstFile(), Buffer.concat([whole, torn]));
      expect(await places()).toEqual(['0/0']);
    }
  });

  it('says where a file is damaged in its middle, by one byte or by a cut', async () => {
    const store = openStore(DISK, 1);
    store.begin({});
    for (const id of [0, 1]) store.write([write(id)]);
    const whole = await readFile(firstFile());
    const flipped = (at: number) => whole.map((byte, index) => (index === at ? byte ^ 4 : byte));
    for (const damaged of [flipped(0), flipped(17), flipped(40), whole.subarray(0, -1)]) {
      await writeFile(firstFile(), damaged);
      const reading = allResults(directory);
      await expect(reading).rejects.toMatchObject({ kind: 'state-unusable' });
      await expect(reading).rejects.toThrow(`${firstFile()} is damaged at byte 0`);
    }
    const last = join(root, '00000001', '00000002.jsonl.gz');
    await writeFile(firstFile(), whole);
    const two = await readFile(last);
    const broken = Buffer.from(two.map((byte, index) => (index === 18 ? byte ^ 4 : byte)));
    await writeFile(last, Buffer.concat([broken, two]));
    await expect(allResults(directory)).rejects.toThrow('damaged at byte 0');
  });

  it('begins a new file when one is full, and reads all of them', async () => {
    const store = openStore(DISK, 300);
    store.begin({});
    for (let id = 0; id < 12; id += 1) store.write([write(id)]);
    const names = await readdir(join(root, '00000001'));
    expect(names.length).toBeGreaterThan(2);
    expect(await places()).toEqual(Array.from({ length: 12 }, (_, id) => `${id}/0`));
    close(store);
    const again = openStore(DISK, 300);
    again.write([write(12)]);
    expect((await places()).at(-1)).toBe('12/0');
  });

  it('removes a file that was begun by a process that died before it counted', async () => {
    const store = openStore();
    store.begin({});
    store.write([write(0)]);
    close(store);
    const stray = join(root, '00000001', '00000002.jsonl.gz');
    await writeFile(stray, await readFile(firstFile()));
    openStore();
    expect(await readdir(join(root, '00000001'))).toEqual(['00000001.jsonl.gz']);
  });

  it('goes on without files that were removed', async () => {
    const store = openStore();
    store.begin({});
    store.write([write(0)]);
    close(store);
    await rm(root, { recursive: true });
    const again = openStore();
    again.write([write(1)]);
    close(again);
    const third = openStore();
    third.write([write(2)]);
    expect(await places()).toEqual(['1/0', '2/0']);
  });

  it('refuses a file that has lost lines', async () => {
    const store = openStore();
    store.begin({});
    store.write([write(0)]);
    close(store);
    await truncate(firstFile(), 10);
    expect(() => openStore()).toThrow(/00000001\.jsonl\.gz has 10 bytes.*delete it.*--new-job/);
    await rm(firstFile());
    openStore();
  });

  it('keeps the last finished pass beside the one that is under way, and no other', async () => {
    const store = openStore();
    const pass = (id: number, finished: boolean) => {
      store.begin({});
      store.write([{ ...write(0, line(0, id)), finished }]);
    };
    pass(1, false);
    pass(2, true);
    expect(await readdir(root)).toEqual(['00000002']);
    pass(3, true);
    pass(4, false);
    expect(await readdir(root)).toEqual(['00000003', '00000004']);
    expect(await places()).toEqual(['0/4']);
    expect(await places(1)).toEqual(['0/3']);
    expect(await places(2)).toEqual([]);
  });

  it('removes what a process that died while beginning a pass has left, and nothing foreign', async () => {
    const store = openStore();
    store.begin({});
    store.write([write(0)]);
    close(store);
    for (const name of ['00000007', 'mine']) await mkdir(join(root, name));
    openStore();
    expect(await readdir(root)).toEqual(['00000001', 'mine']);
  });

  it.each(['ENOSPC', 'EIO'])('ends a commit by %s, and goes on where it stood', async (code) => {
    let writes = 0;
    const refuse = () => {
      throw Object.assign(new Error(`${code}: refused`), { code, syscall: 'write' });
    };
    const store = openStore({
      // The second batch is written by half, and by a quarter when it is tried again.
      writeSync: (fd, bytes, from, position) => {
        writes += 1;
        if (writes === 3 || writes === 5) refuse();
        const length = writes === 1 ? bytes.length : bytes.length >> (writes / 2);
        return writeSync(fd, bytes, from, Math.max(length - from, 1), position);
      },
      fdatasyncSync: (fd) => {
        DISK.fdatasyncSync(fd);
      },
    });
    store.begin({});
    store.write([write(0)]);
    for (let tries = 0; tries < 2; tries += 1) {
      expect(() => store.write([write(1)])).toThrow(/resumes where it stands/);
      expect(store.totals().segments).toBe(1);
      expect(await places()).toEqual(['0/0']);
    }
    close(store);
    const again = openStore();
    again.write([write(1)]);
    expect(await places()).toEqual(['0/0', '1/0']);
  });

  it('takes a commit for failed when the disk fails to keep its lines', async () => {
    let fails = false;
    const store = openStore({
      ...DISK,
      fdatasyncSync: () => {
        if (fails) throw Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fdatasync' });
      },
    });
    store.begin({});
    store.write([write(0)]);
    fails = true;
    expect(() => store.write([write(1)])).toThrow(/check the disk/);
    expect(store.totals().segments).toBe(1);
    fails = false;
    store.write([write(1)]);
    expect(await places()).toEqual(['0/0', '1/0']);
  });
});
