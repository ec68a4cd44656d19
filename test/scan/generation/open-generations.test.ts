import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Generation, GenerationEntry, GenerationHead } from '../../../src/model/generation.ts';
import { compareKeys, objectKey } from '../../../src/model/object-key.ts';
import { openGenerations } from '../../../src/scan/generation/open-generations.ts';
import { knownEntry } from '../sort/known-entry.ts';

let folder: string;
let warnings: string[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-generations-'));
  warnings = [];
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;

function entry(key: string, more: Partial<GenerationEntry> = {}): GenerationEntry {
  return { key: objectKey(key), originKey: key, rule: 'r', ...more };
}

async function write(entries: readonly GenerationEntry[], atMs = 5): Promise<GenerationHead> {
  const writer = await openGenerations(folder).begin();
  for (let at = 0; at < entries.length; at += 999) await writer.append(entries.slice(at, at + 999));
  return writer.commit(atMs);
}

async function entriesOf(generation: Generation | undefined): Promise<GenerationEntry[]> {
  const entries: GenerationEntry[] = [];
  if (generation === undefined) return entries;
  for await (const batch of generation.entries(never)) entries.push(...batch);
  return entries;
}

async function latest(): Promise<Generation | undefined> {
  return openGenerations(folder).latest((line) => warnings.push(line));
}

/** Everything of the folder, to put it back after it was damaged. */
async function files(): Promise<Map<string, Buffer>> {
  const names = await readdir(folder);
  const some = names.map(async (name) => [name, await readFile(path.join(folder, name))] as const);
  return new Map(await Promise.all(some));
}

const manyEntries = Array.from({ length: 12_000 }, (_, index) => {
  const key = `images/product-${String(index).padStart(9, '0')}-large.jpg`;
  return entry(key, { size: index, etag: `"${index}"`, stored: { etag: `"${-index}"`, size: 3 } });
});

describe('openGenerations', () => {
  it('gives back what was committed', async () => {
    const known = fc
      .tuple(
        knownEntry,
        fc.record(
          {
            stored: fc.record({ etag: fc.constantFrom('"s"', '', '"\\"'), size: fc.nat() }),
            gone: fc.constant(true as const),
          },
          { requiredKeys: [] },
        ),
      )
      .map(([one, more]): GenerationEntry => ({ ...one, ...more }));
    const entries = fc.uniqueArray(known, { selector: ({ key }) => key, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(entries, fc.nat(), async (some, atMs) => {
        const inOrder = some.toSorted((one, other) => compareKeys(one.key, other.key));
        const head = await write(inOrder, atMs);
        expect(head).toMatchObject({ entries: some.length, atMs });
        const found = await latest();
        expect(found?.head).toEqual(head);
        expect(await entriesOf(found)).toEqual(inOrder);
      }),
      { numRuns: 50 },
    );
    expect(warnings).toEqual([]);
  });

  it('gives back more entries than one gzip member holds, and zcat reads them', async () => {
    await write(manyEntries);
    expect(await entriesOf(await latest())).toEqual(manyEntries);
    const packed = await readFile(path.join(folder, '00000001.jsonl.gz'));
    const lines = gunzipSync(packed).toString().split('\n');
    expect(lines).toHaveLength(manyEntries.length + 1);
    expect(lines[7]).toBe(
      '{"key":"images/product-000000007-large.jpg","size":7,"etag":"\\"7\\"","rule":"r","stored":["\\"-7\\"",3]}',
    );
  });

  it('has none before the first, whether its folder is there or not', async () => {
    expect(await latest()).toBeUndefined();
    await rm(folder, { recursive: true });
    expect(await latest()).toBeUndefined();
    expect(warnings).toEqual([]);
    expect(await write([])).toEqual({ id: 1, entries: 0, atMs: 5 });
    expect(await entriesOf(await latest())).toEqual([]);
  });

  it('is as it was when a writer dies, and removes what that left', async () => {
    const first = await write([entry('a')]);
    const dying = await openGenerations(folder).begin();
    await dying.append(manyEntries);
    await writeFile(path.join(folder, '00000002.json.new'), 'half a head');
    const found = await latest();
    expect(found?.head).toEqual(first);
    expect(await entriesOf(found)).toEqual([entry('a')]);
    expect(warnings).toEqual([]);
    expect((await write([entry('b')])).id).toBe(3);
    expect(await readdir(folder)).toEqual([
      '00000001.json',
      '00000001.jsonl.gz',
      '00000003.json',
      '00000003.jsonl.gz',
    ]);
    await dying.abort();
    expect(await entriesOf(await latest())).toEqual([entry('b')]);
  });

  it('forgets a generation that is given up, and not one that was committed', async () => {
    const writer = await openGenerations(folder).begin();
    await writer.append(manyEntries);
    await writer.abort();
    await writer.abort();
    expect(await readdir(folder)).toEqual([]);
    await expect(writer.append([])).rejects.toThrow(Error);
    await expect(writer.commit(1)).rejects.toThrow(Error);
    const next = await openGenerations(folder).begin();
    await next.append([entry('a')]);
    await next.commit(1);
    await next.abort();
    expect(await entriesOf(await latest())).toEqual([entry('a')]);
  });

  it.each([[['b', 'a']], [['a', 'a']], [['\u{1f600}', '\uffee']]])(
    'refuses %j, which nobody could compare with',
    async (keys) => {
      const writer = await openGenerations(folder).begin();
      for (const key of keys.slice(0, 1)) await writer.append([entry(key)]);
      await expect(writer.append(keys.slice(1).map((key) => entry(key)))).rejects.toThrow(
        /came behind/,
      );
      await writer.abort();
    },
  );

  it('keeps the two latest, and what is not its own', async () => {
    const foreign = ['notes.txt', '1.json', '00000001.json.bak', '000000001.jsonl.gz'];
    for (const name of foreign) await writeFile(path.join(folder, name), 'mine');
    for (const key of ['a', 'b', 'c', 'd']) await write([entry(key)]);
    const kept = ['00000003', '00000004'].flatMap((id) => [`${id}.json`, `${id}.jsonl.gz`]);
    expect(await readdir(folder)).toEqual([...foreign, ...kept].sort());
    expect(await entriesOf(await latest())).toEqual([entry('d')]);
  });

  it('can be read while the next one is committed', async () => {
    await write([]);
    await write(manyEntries);
    const reading = await latest();
    await write([entry('z')]);
    expect(await entriesOf(reading)).toEqual(manyEntries);
  });
});

describe('a damaged generation', () => {
  it('is none, and said to be damaged, whichever byte of it was changed', async () => {
    await write([entry('before')]);
    await write([entry('a', { size: 1, stored: { etag: '"s"', size: 1 } }), entry('b')]);
    const whole = await files();
    let damages = 0;
    for (const name of ['00000002.json', '00000002.jsonl.gz']) {
      const bytes = whole.get(name) ?? Buffer.alloc(0);
      for (let at = 0; at < bytes.length; at += 1) {
        for (const bits of [0x01, 0x20, 0xff]) {
          const damaged = Buffer.from(bytes);
          damaged.writeUInt8(damaged.readUInt8(at) ^ bits, at);
          await writeFile(path.join(folder, name), damaged);
          expect(await latest(), `${name}, byte ${at}`).toBeUndefined();
          damages += 1;
        }
      }
      await writeFile(path.join(folder, name), bytes);
    }
    expect(warnings).toHaveLength(damages);
    expect(warnings.at(-1)).toMatch(/00000002\.jsonl\.gz is damaged \(.*one by one.*deleted/);
    expect(await entriesOf(await latest())).toHaveLength(2);
  });

  it.each(['00000002.json', '00000002.jsonl.gz'])(
    'is none, where %s lost or gained bytes, or is another one’s',
    async (name) => {
      await write([entry('before')]);
      await write([entry('a')]);
      const file = path.join(folder, name);
      const bytes = await readFile(file);
      for (let length = 0; length < bytes.length; length += 1) {
        await truncate(file, length);
        expect(await latest()).toBeUndefined();
        await writeFile(file, bytes);
      }
      await writeFile(file, Buffer.concat([bytes, bytes]));
      expect(await latest()).toBeUndefined();
      await writeFile(file, await readFile(path.join(folder, name.replace('2', '1'))));
      expect(await latest()).toBeUndefined();
      expect(warnings).toHaveLength(bytes.length + 2);
    },
  );

  it('is none where its data is gone, and the next one takes its place', async () => {
    await write([entry('a')]);
    await unlink(path.join(folder, '00000001.jsonl.gz'));
    expect(await latest()).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('00000001.jsonl.gz is damaged (a file')]);
    expect((await write([entry('b')])).id).toBe(2);
    expect(await entriesOf(await latest())).toEqual([entry('b')]);
  });

  it('ends the reading where it is damaged after it was found whole', async () => {
    await write(manyEntries);
    const found = await latest();
    const file = path.join(folder, '00000001.jsonl.gz');
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(0, bytes.length / 2));
    await expect(entriesOf(found)).rejects.toMatchObject({
      kind: 'state-unusable',
      message: expect.stringContaining('run again') as string,
    });
    await unlink(file);
    await expect(entriesOf(found)).rejects.toMatchObject({ kind: 'state-unusable' });
  });
});

it('says what to do where the folder is none', async () => {
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  const unusable = {
    kind: 'state-unusable',
    message: expect.stringContaining('--state') as string,
  };
  await expect(openGenerations(file).latest(() => undefined)).rejects.toMatchObject(unusable);
  await expect(openGenerations(file).begin()).rejects.toMatchObject(unusable);
  await mkdir(path.join(folder, '00000001.json'));
  await expect(latest()).rejects.toMatchObject(unusable);
});

it('ends a reading with the reason of its signal', async () => {
  await write(manyEntries);
  const stop = new AbortController();
  const generation = await latest();
  const read = async () => {
    for await (const batch of generation?.entries(stop.signal) ?? []) {
      expect(batch.length).toBeGreaterThan(0);
      stop.abort(new Error('told to stop'));
    }
  };
  await expect(read()).rejects.toThrow('told to stop');
});
