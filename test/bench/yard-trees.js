import { Buffer } from 'node:buffer';
import { mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { keyOf } from './scale-store.js';

/** Files written at once. */
const BATCH = 256;
const KIB = 1024;
const MIB = 1024 * KIB;

/** Numbers in [0, 1) that are the same in every run (Numerical Recipes' generator). */
function series() {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Small files hold bytes; of larger ones only the length is written, which costs no disk. */
async function writeObject(file, bytes) {
  await mkdir(path.dirname(file), { recursive: true });
  if (bytes <= 16 * KIB) {
    await writeFile(file, Buffer.alloc(bytes, file));
    return;
  }
  const handle = await open(file, 'w');
  await handle.truncate(bytes);
  await handle.close();
}

/**
 * Makes an origin's tree of objects of these sizes, a list of its keys in their order, and one that
 * names the sizes as well.
 * @returns {Promise<{ name: string, keysFile: string, sizedKeysFile: string, keys: string[], objects: number, bytes: number }>}
 */
export async function makeTree(folder, name, sizes) {
  const keys = sizes.map((_, number) => keyOf(number));
  for (let from = 0; from < sizes.length; from += BATCH) {
    const batch = sizes.slice(from, from + BATCH);
    await Promise.all(
      batch.map((bytes, index) =>
        writeObject(path.join(folder, 'tree', name, keys[from + index]), bytes),
      ),
    );
  }
  const keysFile = path.join(folder, `${name}.keys`);
  await writeFile(keysFile, keys.map((key) => `${key}\n`).join(''));
  const sizedKeysFile = path.join(folder, `${name}.csv`);
  const lines = keys.map((key, number) => `${key},${sizes[number]}\n`);
  await writeFile(sizedKeysFile, `key,size\n${lines.join('')}`);
  const bytes = sizes.reduce((all, one) => all + one, 0);
  return { name, keysFile, sizedKeysFile, keys, objects: sizes.length, bytes };
}

/** The list of the first keys of a tree, in a file of its own. */
export async function firstKeys(tree, objects) {
  const keysFile = `${tree.keysFile}.${objects}`;
  const bytes = (tree.bytes / tree.objects) * objects;
  const keys = tree.keys.slice(0, objects);
  await writeFile(keysFile, keys.map((key) => `${key}\n`).join(''));
  return { ...tree, keysFile, keys, objects, bytes };
}

/**
 * Sizes of a mixed tree, shuffled: 60 % to 16 KiB, 35 % to 1 MiB, 4.9 % to 64 MiB, and 0.1 % of
 * 1 GiB. `shrink` divides the two last.
 */
export function mixedSizes(objects, shrink) {
  const random = series();
  const sizes = Array.from({ length: objects }, (_, number) => {
    const share = (number + 0.5) / objects;
    if (share < 0.6) return Math.ceil(random() * 16 * KIB);
    if (share < 0.95) return Math.ceil((16 + random() * (KIB - 16)) * KIB);
    if (share < 0.999) return Math.ceil((1 + (random() * 63) / shrink) * MIB);
    return (KIB / shrink) * MIB;
  });
  for (let last = sizes.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [sizes[last], sizes[other]] = [sizes[other], sizes[last]];
  }
  return sizes;
}
