import { isUtf8 } from 'node:buffer';

import type { ListRange, StoredObject } from '../model/bucket.ts';
import { keyProblem, objectKey } from '../model/object-key.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Clock } from '../model/ports.ts';
import type { FileTree } from './file-tree.ts';
import { decodedKey, ENCODED_FOLDER, encodedPath, OWN_FOLDER, plainPath } from './key-path.ts';
import { SpelledLooks } from './spelled-looks.ts';
import { objectsOfKeys } from './objects-of-keys.ts';
import type { KeyAt } from './objects-of-keys.ts';
import { walkFiles } from './walk-files.ts';

/** Objects in a page; S3 has 1,000 too. */
const PAGE_OBJECTS = 1_000;

/** A key with its bytes, by which lists are in order. */
interface FoundKey extends KeyAt {
  readonly bytes: Buffer;
}

function keyFromBytes(bytes: Buffer): ObjectKey | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString('utf8');
  return keyProblem(text) === undefined ? objectKey(text) : undefined;
}

function overlaps(folder: Buffer, prefix: Buffer): boolean {
  const length = Math.min(folder.length, prefix.length);
  return folder.compare(prefix, 0, length, 0, length) === 0;
}

const startsWith = (bytes: Buffer, prefix: Buffer): boolean =>
  bytes.length >= prefix.length && overlaps(bytes, prefix);

/** What a listing looks for: keys that start with `prefix` and come behind `after`. */
interface Wanted {
  readonly prefix: Buffer;
  readonly after: Buffer;
}

const isWanted = (bytes: Buffer, { prefix, after }: Wanted): boolean =>
  startsWith(bytes, prefix) && Buffer.compare(bytes, after) > 0;

/** Whether a folder may hold keys behind `after`: it sorts behind it, or `after` lies in it. */
const reachesBehind = (folder: Buffer, after: Buffer): boolean =>
  Buffer.compare(folder, after) > 0 || startsWith(after, folder);

async function* plainKeys(
  tree: FileTree,
  wanted: Wanted,
  signal: AbortSignal,
): AsyncGenerator<readonly FoundKey[]> {
  const { prefix, after } = wanted;
  // The walk starts in the folder that the prefix names, however much lies beside it.
  const text = prefix.toString('utf8');
  const start = text.slice(0, text.lastIndexOf('/') + 1);
  const folder = start.slice(0, -1);
  if (folder !== '' && plainPath(folder, tree.namesFold()) === undefined) return;
  if ((await tree.directories.state(folder)) !== 'real') return;
  const own = Buffer.from(`${OWN_FOLDER}/`);
  const enters = (path: Buffer): boolean =>
    !path.equals(own) && overlaps(path, prefix) && reachesBehind(path, after);
  for await (const files of walkFiles(tree, start, enters, signal)) {
    yield files.flatMap((bytes): FoundKey[] => {
      const key = isWanted(bytes, wanted) ? keyFromBytes(bytes) : undefined;
      if (key === undefined || plainPath(key, tree.namesFold()) === undefined) return [];
      return [{ key, bytes, path: key }];
    });
  }
}

async function* encodedKeys(
  tree: FileTree,
  wanted: Wanted,
  signal: AbortSignal,
): AsyncGenerator<readonly FoundKey[]> {
  if ((await tree.directories.state(ENCODED_FOLDER)) !== 'real') return;
  const start = `${ENCODED_FOLDER}/`;
  const digits = Buffer.from(wanted.prefix.toString('hex'));
  const enters = (path: Buffer): boolean => {
    const below = path.toString('latin1').slice(start.length).replaceAll('/', '');
    return overlaps(Buffer.from(below), digits);
  };
  for await (const files of walkFiles(tree, start, enters, signal)) {
    yield files.flatMap((raw): FoundKey[] => {
      const path = raw.toString('latin1');
      const bytes = decodedKey(path.slice(start.length));
      if (bytes === undefined || !isWanted(bytes, wanted)) return [];
      const key = keyFromBytes(bytes);
      return key !== undefined && encodedPath(key) === path ? [{ key, bytes, path }] : [];
    });
  }
}

/** The next keys of a stream; empty at its end only. */
async function nextKeys(stream: AsyncGenerator<readonly FoundKey[]>): Promise<readonly FoundKey[]> {
  for (;;) {
    const next = await stream.next();
    if (next.done === true) return [];
    if (next.value.length > 0) return next.value;
  }
}

/** Two ordered streams as one; where both have a key, the first one's counts. */
async function* merged(
  first: AsyncGenerator<readonly FoundKey[]>,
  second: AsyncGenerator<readonly FoundKey[]>,
): AsyncGenerator<readonly FoundKey[]> {
  try {
    let one = await nextKeys(first);
    let other = await nextKeys(second);
    while (one.length > 0 && other.length > 0) {
      const { keys, ofOne, ofOther } = mergedKeys(one, other);
      yield keys;
      one = ofOne < one.length ? one.slice(ofOne) : await nextKeys(first);
      other = ofOther < other.length ? other.slice(ofOther) : await nextKeys(second);
    }
    for (; one.length > 0; one = await nextKeys(first)) yield one;
    for (; other.length > 0; other = await nextKeys(second)) yield other;
  } finally {
    await first.return(undefined);
    await second.return(undefined);
  }
}

/** What of two runs can be merged, neither being empty: one of them to its end. */
function mergedKeys(
  one: readonly FoundKey[],
  other: readonly FoundKey[],
): { keys: FoundKey[]; ofOne: number; ofOther: number } {
  const keys: FoundKey[] = [];
  let ofOne = 0;
  let ofOther = 0;
  for (;;) {
    const [left, right] = [one[ofOne], other[ofOther]];
    if (left === undefined || right === undefined) return { keys, ofOne, ofOther };
    const order = Buffer.compare(left.bytes, right.bytes);
    keys.push(order <= 0 ? left : right);
    if (order <= 0) ofOne += 1;
    if (order >= 0) ofOther += 1;
  }
}

/** Runs of keys as pages, all full but the last. */
async function* pagesOf(
  runs: AsyncGenerator<readonly FoundKey[]>,
): AsyncGenerator<readonly FoundKey[]> {
  let keys: FoundKey[] = [];
  for await (const run of runs) {
    for (const key of run) {
      keys.push(key);
      if (keys.length < PAGE_OBJECTS) continue;
      yield keys;
      keys = [];
    }
  }
  if (keys.length > 0) yield keys;
}

/**
 * Pages of the objects in a directory whose keys are in `range`, by the keys' UTF-8 bytes.
 * Files whose names can't be keys (not UTF-8, too long) are passed over, as are links.
 */
export async function* listObjects(
  tree: FileTree,
  { prefix, after = '' }: ListRange,
  signal: AbortSignal,
  clock: Pick<Clock, 'now'>,
): AsyncGenerator<readonly StoredObject[]> {
  const wanted = { prefix: Buffer.from(prefix, 'utf8'), after: Buffer.from(after, 'utf8') };
  const looks = new SpelledLooks(clock);
  const plain = plainKeys(tree, wanted, signal);
  for await (const keys of pagesOf(merged(plain, encodedKeys(tree, wanted, signal)))) {
    yield await objectsOfKeys(tree, keys, looks);
  }
}
