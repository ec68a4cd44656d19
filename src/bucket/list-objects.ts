import { isUtf8 } from 'node:buffer';

import type { ListRange, StoredObject } from '../model/bucket.ts';
import { keyProblem, objectKey } from '../model/object-key.ts';
import type { ObjectKey } from '../model/object-key.ts';
import { objectFileAt } from './file-tree.ts';
import type { FileTree } from './file-tree.ts';
import { decodedKey, ENCODED_FOLDER, encodedPath, OWN_FOLDER, plainPath } from './key-path.ts';
import { objectInFile } from './read-file.ts';
import { walkFiles } from './walk-files.ts';

/** Objects in a page; S3 has 1,000 too. */
const PAGE_OBJECTS = 1_000;

/** Files that are looked at side by side. */
const LOOKS_AT_ONCE = 16;

/** A key with its bytes, by which lists are in order, and the path of its file. */
interface FoundKey {
  readonly key: ObjectKey;
  readonly bytes: Buffer;
  readonly path: string;
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
): AsyncGenerator<FoundKey> {
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
  for await (const bytes of walkFiles(tree, start, enters, signal)) {
    if (!isWanted(bytes, wanted)) continue;
    const key = keyFromBytes(bytes);
    if (key === undefined || plainPath(key, tree.namesFold()) === undefined) continue;
    yield { key, bytes, path: key };
  }
}

async function* encodedKeys(
  tree: FileTree,
  wanted: Wanted,
  signal: AbortSignal,
): AsyncGenerator<FoundKey> {
  if ((await tree.directories.state(ENCODED_FOLDER)) !== 'real') return;
  const start = `${ENCODED_FOLDER}/`;
  const digits = Buffer.from(wanted.prefix.toString('hex'));
  const enters = (path: Buffer): boolean => {
    const below = path.toString('latin1').slice(start.length).replaceAll('/', '');
    return overlaps(Buffer.from(below), digits);
  };
  for await (const raw of walkFiles(tree, start, enters, signal)) {
    const path = raw.toString('latin1');
    const bytes = decodedKey(path.slice(start.length));
    if (bytes === undefined || !isWanted(bytes, wanted)) continue;
    const key = keyFromBytes(bytes);
    if (key !== undefined && encodedPath(key) === path) yield { key, bytes, path };
  }
}

/** Two ordered streams as one; where both have a key, the first one's counts. */
async function* merged(
  first: AsyncGenerator<FoundKey>,
  second: AsyncGenerator<FoundKey>,
): AsyncGenerator<FoundKey> {
  try {
    let one = await first.next();
    let other = await second.next();
    while (one.done !== true || other.done !== true) {
      const order = orderOf(one, other);
      if (order <= 0 && one.done !== true) yield one.value;
      else if (other.done !== true) yield other.value;
      if (order <= 0) one = await first.next();
      if (order >= 0) other = await second.next();
    }
  } finally {
    await first.return(undefined);
    await second.return(undefined);
  }
}

function orderOf(one: IteratorResult<FoundKey>, other: IteratorResult<FoundKey>): number {
  if (one.done === true) return 1;
  if (other.done === true) return -1;
  return Buffer.compare(one.value.bytes, other.value.bytes);
}

async function objectOf(tree: FileTree, found: FoundKey): Promise<StoredObject | undefined> {
  const file = await objectFileAt(tree, found.path);
  return file === undefined ? undefined : objectInFile(tree, found.key, file);
}

async function objectsOf(tree: FileTree, keys: readonly FoundKey[]): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for (let at = 0; at < keys.length; at += LOOKS_AT_ONCE) {
    const some = keys.slice(at, at + LOOKS_AT_ONCE);
    const looked = await Promise.all(some.map((found) => objectOf(tree, found)));
    objects.push(...looked.filter((object) => object !== undefined));
  }
  return objects;
}

/**
 * Pages of the objects in a directory whose keys are in `range`, by the keys' UTF-8 bytes.
 * Files whose names can't be keys (not UTF-8, too long) are passed over, as are links.
 */
export async function* listObjects(
  tree: FileTree,
  { prefix, after = '' }: ListRange,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredObject[]> {
  const wanted = { prefix: Buffer.from(prefix, 'utf8'), after: Buffer.from(after, 'utf8') };
  let keys: FoundKey[] = [];
  const plain = plainKeys(tree, wanted, signal);
  for await (const found of merged(plain, encodedKeys(tree, wanted, signal))) {
    keys.push(found);
    if (keys.length < PAGE_OBJECTS) continue;
    yield await objectsOf(tree, keys);
    keys = [];
  }
  if (keys.length > 0) yield await objectsOf(tree, keys);
}
