import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { compareKeys, objectKey, type ObjectKey } from '../../../src/model/object-key.ts';
import { diskFailure } from '../../../src/scan/sort/disk-failure.ts';
import { RunFile } from '../../../src/scan/sort/run-file.ts';
import { sortByKey, type SortOptions } from '../../../src/scan/sort/sort-by-key.ts';
import { oddKey } from './odd-keys.ts';

/** An item remembers which items of the input it was made of. */
interface Item {
  readonly key: ObjectKey;
  readonly places: readonly number[];
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-sort-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const lines = {
  encode: ({ key, places }: Item) => JSON.stringify([key, ...places]),
  decode: (line: string): Item => {
    const parsed: unknown = JSON.parse(line);
    const [key, ...places] = Array.isArray(parsed) ? parsed.map((field: unknown) => field) : [];
    return { key: objectKey(String(key)), places: places.map(Number) };
  },
};

function options(more: Partial<SortOptions<Item>> = {}): SortOptions<Item> {
  return {
    folder,
    ...lines,
    same: (before, after) => ({ key: after.key, places: [...before.places, ...after.places] }),
    signal: new AbortController().signal,
    ...more,
  };
}

function itemsOf(keys: readonly string[]): Item[] {
  return keys.map((key, place) => ({ key: objectKey(key), places: [place] }));
}

async function* batchesOf(keys: readonly string[], size = 7) {
  const items = itemsOf(keys);
  for (let at = 0; at < items.length; at += size) {
    await Promise.resolve();
    yield items.slice(at, at + size);
  }
}

async function sorted(keys: readonly string[], more: Partial<SortOptions<Item>> = {}) {
  const items: Item[] = [];
  for await (const batch of sortByKey(batchesOf(keys), options(more))) items.push(...batch);
  return items;
}

/** As it is done in memory. */
function expected(keys: readonly string[]): Item[] {
  const places = new Map<ObjectKey, number[]>();
  for (const item of itemsOf(keys)) {
    places.set(item.key, [...(places.get(item.key) ?? []), ...item.places]);
  }
  return [...places]
    .sort(([one], [other]) => compareKeys(one, other))
    .map(([key, some]) => ({ key, places: some }));
}

/** Files of the folder that this process has open. */
async function openFiles(): Promise<string[]> {
  const names = await readdir('/proc/self/fd');
  const links = await Promise.all(
    names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
  );
  return links.filter((link) => link.startsWith(folder));
}

describe('sortByKey', () => {
  it('gives every key once, by its UTF-8 bytes, made of its items in their order', async () => {
    const keys = fc.array(oddKey, { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(keys, fc.integer({ min: 1, max: 500 }), async (some, memoryBytes) => {
        expect(await sorted(some, { memoryBytes })).toEqual(expected(some));
      }),
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it('merges in several passes where there are more runs than can be merged at once', async () => {
    const keys = Array.from({ length: 700 }, (_, index) => `key ${(index * 7919) % 500}`);
    expect(await sorted(keys, { memoryBytes: 1 })).toEqual(expected(keys));
    if (process.platform === 'linux') expect(await openFiles()).toEqual([]);
  });

  it('finds the order of keys beyond U+D7FF, also where they come after runs of plain ones', async () => {
    const keys = ['b', 'a', '\uffee', '\u{1f600}', 'a\u{1f600}', 'a\uffee', 'z', 'é'];
    expect((await sorted(keys, { memoryBytes: 25 })).map(({ key }) => key)).toEqual([
      'a',
      'a\uffee',
      'a\u{1f600}',
      'b',
      'z',
      'é',
      '\uffee',
      '\u{1f600}',
    ]);
  });

  it('makes no file for what fits into memory', async () => {
    const missing = path.join(folder, 'missing');
    expect(await sorted(['b', 'a', 'b'], { folder: missing })).toEqual(expected(['b', 'a', 'b']));
  });

  it('says what to do where a file can’t be made', async () => {
    const missing = path.join(folder, 'missing');
    await expect(sorted(['b', 'a'], { folder: missing, memoryBytes: 1 })).rejects.toMatchObject({
      kind: 'state-unusable',
      message: expect.stringContaining('--state') as string,
    });
  });

  it.runIf(process.platform === 'linux')(
    'has one file without a name, and lets go of it when it is left early',
    async () => {
      const keys = Array.from({ length: 3000 }, (_, index) => `key ${(index * 7919) % 3000}`);
      for await (const batch of sortByKey(batchesOf(keys), options({ memoryBytes: 9000 }))) {
        expect(batch.length).toBeGreaterThan(0);
        expect(await readdir(folder)).toEqual([]);
        expect(await openFiles()).toHaveLength(1);
        break;
      }
      expect(await openFiles()).toEqual([]);
    },
  );

  it.runIf(process.platform === 'linux')(
    'lets go of its file when the input or what reads it fails',
    async () => {
      const broken = async function* () {
        yield* batchesOf(['c', 'b', 'a']);
        throw new Error('the input broke');
      };
      const read = async (more: Partial<SortOptions<Item>>) => {
        for await (const batch of sortByKey(broken(), options(more))) expect(batch).toBeDefined();
      };
      await expect(read({ memoryBytes: 1 })).rejects.toThrow('the input broke');
      const decode = (line: string): Item => {
        throw new SyntaxError(`can't read ${line}`);
      };
      await expect(sorted(['b', 'a'], { memoryBytes: 1, decode })).rejects.toMatchObject({
        kind: 'state-unusable',
        message: expect.stringContaining('check the disk') as string,
      });
      expect(await openFiles()).toEqual([]);
    },
  );

  it('ends with the reason of its signal, however much input there is', async () => {
    const stop = new AbortController();
    const endless = async function* () {
      for (let taken = 0; ; taken += 1) {
        yield* batchesOf([`key ${taken}`]);
        if (taken === 3) stop.abort(new Error('told to stop'));
      }
    };
    const read = async () => {
      const batches = sortByKey(endless(), options({ signal: stop.signal, memoryBytes: 1 }));
      for await (const batch of batches) expect(batch).toBeDefined();
    };
    await expect(read()).rejects.toThrow('told to stop');
  });
});

test('a run that begins behind the end of the one before is the rest of it', async () => {
  const file = await RunFile.open(folder, lines);
  const runs = [['a', 'b'], ['b', 'd'], ['e'], ['c', 'x']];
  for (const keys of runs) {
    await file.write(itemsOf(keys));
    await file.endRun();
  }
  const found: string[][] = [];
  for (const run of file.runs) {
    const keys: string[] = [];
    for await (const items of file.read(run, 5, new AbortController().signal)) {
      keys.push(...items.map(({ key }) => key));
    }
    found.push(keys);
  }
  await file.close();
  expect(found).toEqual([
    ['a', 'b', 'b', 'd', 'e'],
    ['c', 'x'],
  ]);
});

test.each([
  ['ENOSPC', 'make room there'],
  ['EDQUOT', 'make room there'],
  ['EIO', 'check the disk'],
  ['EROFS', 'name another with --state'],
])('%s of the file system is told with what to do', (code, advice) => {
  const error = Object.assign(new Error(`${code}: said so`), { code, syscall: 'write' });
  expect(diskFailure(error, 'the lists', '/state/job')).toMatchObject({
    kind: 'state-unusable',
    message: expect.stringMatching(new RegExp(`the lists at /state/job.*${advice}`)) as string,
    cause: error,
  });
});

test('what the file system did not say is no trouble with the disk', () => {
  const error = new TypeError('a bug');
  expect(diskFailure(error, 'the lists', '/state/job')).toBe(error);
});
