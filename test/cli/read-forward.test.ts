import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cleanup } from '../../src/cli/cleanup.ts';
import { openList } from '../../src/cli/open-list.ts';
import { readForward } from '../../src/cli/read-forward.ts';
import type { EntryBatch, EntrySource } from '../../src/model/entry.ts';
import { openKeyList } from '../../src/scan/key-list.ts';
import { collect } from '../contract/entry-source-contract.ts';

const { signal } = new AbortController();
const LINES = 5500;

describe('a list that is reread forward', () => {
  let folder: string;
  let file: string;
  let list: EntrySource;
  let batches: readonly EntryBatch[];
  /** How often the list was entered, and how. */
  let asked: string[];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'bucketfill-forward-'));
    file = path.join(folder, 'keys.gz');
    const lines = Array.from({ length: LINES }, (_, index) => `key-${index}\n`);
    await writeFile(file, gzipSync(lines.join('')));
    list = await openKeyList({ path: file });
    batches = await collect(list);
    asked = [];
  });
  afterEach(async () => {
    await list.close();
    await rm(folder, { recursive: true, force: true });
  });

  const noted = (): EntrySource => ({
    name: list.name,
    batches: (from, stop) => {
      asked.push(`from ${from.end}`);
      return list.batches(from, stop);
    },
    reread: (start, end, stop) => {
      asked.push(`reread ${start}`);
      return list.reread(start, end, stop);
    },
    startsWith: (position, stop) => list.startsWith(position, stop),
    close: () => Promise.resolve(),
  });

  async function expectAlike(source: EntrySource, which: readonly number[]): Promise<void> {
    for (const at of which) {
      const { start, end, entries } = batches[at] ?? expect.fail();
      expect(await source.reread(start, end, signal)).toEqual(entries);
    }
  }

  it('is entered once for all that comes in its order, whatever is left out', async () => {
    expect(batches).toHaveLength(6);
    const forward = readForward(noted());
    await expectAlike(forward, [1, 2, 4, 5]);
    expect(asked).toEqual([`from ${batches[1]?.start ?? ''}`]);
    await forward.close();
  });

  it('gives the same entries in any order', async () => {
    const forward = readForward(noted());
    await expectAlike(forward, [3, 0, 5, 5, 1, 2]);
    await forward.close();
  });

  it('is reread where it was cut elsewhere', async () => {
    const forward = readForward(noted());
    const [first, second] = [batches[0] ?? expect.fail(), batches[1] ?? expect.fail()];
    const both = [...first.entries, ...second.entries];
    expect(await forward.reread(first.start, second.end, signal)).toEqual(both);
    const half = first.entries.slice(0, 10);
    const end = half.map((_, index) => `key-${index}\n`).join('').length;
    expect(await forward.reread(0, end, signal)).toEqual(half);
    await expectAlike(forward, [1, 4]);
    await forward.close();
  });

  it('is what a compressed list is opened as, and another is not', async () => {
    const plain = path.join(folder, 'keys.txt');
    await writeFile(plain, 'a\nb\n');
    const cleanup = new Cleanup();
    await cleanup.around(async () => {
      await expectAlike(await openList({ path: file }, cleanup), [0, 2, 5]);
      const opened = await openList({ path: plain }, cleanup);
      expect(await opened.reread(2, 4, signal)).toEqual([{ key: 'b' }]);
      expect(opened.format).toBe('plain');
    });
  });
});
