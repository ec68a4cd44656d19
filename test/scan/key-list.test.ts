import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openKeyList } from '../../src/scan/key-list.ts';
import { collect, entrySourceContract, entryText } from '../contract/entry-source-contract.ts';

let folder: string;
let sequence = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bucketfill-list-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function fileOf(bytes: Uint8Array | string, name = 'keys.txt'): Promise<string> {
  sequence += 1;
  const path = join(folder, `${String(sequence)}-${name}`);
  await writeFile(path, bytes);
  return path;
}

async function keysOf(path: string): Promise<string[]> {
  const source = await openKeyList({ path });
  try {
    return (await collect(source)).flatMap((batch) => batch.entries).map(entryText);
  } finally {
    await source.close();
  }
}

const nothing = () => Promise.resolve();

entrySourceContract('a key list', async (bytes) => ({
  source: await openKeyList({ path: await fileOf(bytes) }),
  destroy: nothing,
}));

entrySourceContract('a compressed key list', async (bytes) => {
  const cut = Math.floor(bytes.length / 3);
  const members = [gzipSync(bytes.subarray(0, cut)), gzipSync(bytes.subarray(cut))];
  const path = await fileOf(Buffer.concat(members), 'keys.gz');
  return { source: await openKeyList({ path }), destroy: nothing };
});

describe('a key list', () => {
  it('is told to be gzip by its bytes, whatever its name', async () => {
    expect(await keysOf(await fileOf(gzipSync('a\nb\n'), 'keys.txt'))).toEqual(['a', 'b']);
  });

  it.each([
    ['cut', gzipSync('a\n'.repeat(500)).subarray(0, 20), 'cut short'],
    [
      'cut in its second member',
      Buffer.concat([gzipSync('a\n'), gzipSync('b\n').subarray(0, 1)]),
      'cut short',
    ],
    ['damaged', Buffer.concat([gzipSync('a\n').subarray(0, -8), Buffer.alloc(8)]), 'damaged'],
    ['followed by something else', Buffer.concat([gzipSync('a\n'), Buffer.from('b\n')]), 'damaged'],
    ['plain text under a name that says gzip', Buffer.from('a\n'), 'named .gz'],
    ['no bytes under a name that says gzip', Buffer.alloc(0), 'named .gz'],
  ])('refuses gzip that is %s, naming the file', async (_, bytes, reason) => {
    const path = await fileOf(bytes, 'keys.gz');
    await expect(keysOf(path)).rejects.toMatchObject({ name: 'FatalError', kind: 'usage' });
    await expect(keysOf(path)).rejects.toThrow(path);
    await expect(keysOf(path)).rejects.toThrow(reason);
  });

  it('refuses what is no readable file, in one clear line', async () => {
    const missing = join(folder, 'missing.txt');
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const cases: [string, string][] = [
      [missing, 'no such file'],
      [folder, 'is a directory'],
      [join(await fileOf('a'), 'below'), 'no such file'],
      [pipe, '--keys -'],
    ];
    for (const [path, reason] of cases) {
      await expect(keysOf(path)).rejects.toMatchObject({ name: 'FatalError', kind: 'usage' });
      await expect(keysOf(path)).rejects.toThrow(`key list ${path}`);
      await expect(keysOf(path)).rejects.toThrow(reason);
    }
  });

  it('comes in batches that one page of a listing can answer', async () => {
    const keys = Array.from({ length: 2001 }, (_, index) => `k${String(index).padStart(4, '0')}\n`);
    const source = await openKeyList({ path: await fileOf(keys.join('')) });
    const sizes = (await collect(source)).map((batch) => batch.entries.length);
    // ListObjectsV2 gives at most 1,000 objects a page.
    expect(sizes).toEqual([1000, 1000, 1]);
    await source.close();
  });

  it('reads one and the same file even if another takes its name', async () => {
    const path = await fileOf('a\nb\n');
    const source = await openKeyList({ path });
    const [batch] = await collect(source);
    await rename(await fileOf('x\ny\n'), path);
    const { signal } = new AbortController();
    expect(await source.reread(0, batch?.end ?? 0, signal)).toEqual(batch?.entries);
    await source.close();
  });

  it('goes on where an earlier reading ended when more was appended', async () => {
    const path = await fileOf('a\nb');
    const first = await openKeyList({ path });
    const last = (await collect(first)).at(-1);
    await first.close();
    await appendFile(path, '\nc\n');
    const second = await openKeyList({ path });
    const { signal } = new AbortController();
    expect(last).toBeDefined();
    if (last === undefined) return;
    expect(await second.startsWith(last, signal)).toBe(true);
    expect((await collect(second, last)).flatMap((batch) => batch.entries)).toEqual([{ key: 'c' }]);
    await second.close();
  });
});
