import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';

import type { Entry } from '../../src/model/entry.ts';
import { type KeyList, type KeyListOptions, openKeyList } from '../../src/scan/key-list.ts';
import { collect, LIST_START } from '../contract/entry-source-contract.ts';

/** Gives `use` a file of these bytes, and removes it again. */
export async function withFile<T>(
  bytes: Uint8Array | string,
  name: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'bucketfill-formats-'));
  try {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Opens a list of these bytes and closes it again. */
export async function withList<T>(
  bytes: Uint8Array | string,
  name: string,
  options: Partial<KeyListOptions>,
  use: (list: KeyList) => Promise<T>,
): Promise<T> {
  return withFile(bytes, name, async (path) => {
    const list = await openKeyList({ ...options, path });
    try {
      return await use(list);
    } finally {
      await list.close();
    }
  });
}

/** The entries of a list, which are the same from any batch on and when they are read again. */
export async function entriesOf(
  bytes: Uint8Array | string,
  name: string,
  options: Partial<KeyListOptions> = {},
): Promise<readonly Entry[]> {
  return withList(bytes, name, options, async (list) => {
    const { signal } = new AbortController();
    const batches = await collect(list);
    const entries = batches.flatMap((batch) => batch.entries);
    let position = LIST_START;
    for (const [index, { start, end, prefixCrc, entries: own }] of batches.entries()) {
      expect(await list.reread(start, end, signal)).toEqual(own);
      const rest = (await collect(list, position)).flatMap((batch) => batch.entries);
      expect(rest).toEqual(batches.slice(index).flatMap((batch) => batch.entries));
      position = { end, prefixCrc };
      expect(await list.startsWith(position, signal)).toBe(true);
    }
    return entries;
  });
}

/** Keys, and `!` with the reason of what is none. */
export async function told(
  bytes: Uint8Array | string,
  name: string,
  options: Partial<KeyListOptions> = {},
): Promise<readonly string[]> {
  const entries = await entriesOf(bytes, name, options);
  return entries.map((entry) => ('key' in entry ? entry.key : `! ${entry.reason}`));
}
