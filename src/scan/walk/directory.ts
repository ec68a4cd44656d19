import type { Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../../model/failure.ts';
import { MAX_KEY_BYTES, utf8Length } from '../../model/object-key.ts';
import type { OriginWalk, PassedReason, WalkPiece, WalkPlace, WalkStep } from '../../model/walk.ts';

/** Entries that are looked at together: a look is a system call in another thread. */
const PIECE_ENTRIES = 256;

/** What stands in a name for bytes that are not UTF-8; a name may also really hold it. */
const REPLACEMENT = '\ufffd';

/**
 * Walks a local directory. A place is one folder. Symbolic links are not followed, whatever they
 * lead to, and names that are not UTF-8 can't be keys: both are passed over.
 * @param root absolute
 * @param now the clock that files get their dates from, in milliseconds since the epoch
 */
export function directoryWalk(root: string, now: () => number): OriginWalk {
  return {
    name: root,
    start: () => [{ at: '', prefix: '' }],
    walk: (place, signal) => walkFolder(root, now, place, signal),
    close: () => Promise.resolve(),
  };
}

async function* walkFolder(
  root: string,
  now: () => number,
  place: WalkPlace,
  signal: AbortSignal,
): AsyncGenerator<WalkPiece> {
  const folder = path.join(root, place.at);
  let entries: Dirent[] = [];
  const asOfMs = now();
  const give = async (): Promise<WalkPiece> => {
    const steps = await Promise.all(entries.map((entry) => stepOf(folder, place, entry)));
    return { steps, links: entries.length, asOfMs };
  };
  try {
    for await (const entry of await opendir(folder)) {
      signal.throwIfAborted();
      entries.push(entry);
      if (entries.length < PIECE_ENTRIES) continue;
      yield await give();
      entries = [];
    }
    if (entries.length > 0) yield await give();
  } catch (error) {
    throw asFailure(folder, error);
  }
}

async function stepOf(folder: string, { at }: WalkPlace, entry: Dirent): Promise<WalkStep> {
  const { name } = entry;
  const passed = (reason: PassedReason): WalkStep => ({ kind: 'passed', reason, link: name });
  if (entry.isSymbolicLink()) return passed('symlink');
  const isFolder = entry.isDirectory();
  if (!isFolder && !entry.isFile()) return passed('special');
  const below = `${at}${name}${isFolder ? '/' : ''}`;
  if (utf8Length(below) > MAX_KEY_BYTES) return passed('too-long');
  if (isFolder && !name.includes(REPLACEMENT)) {
    return { kind: 'place', place: { at: below, prefix: below } };
  }
  let found: Awaited<ReturnType<typeof lstat>>;
  try {
    found = await lstat(path.join(folder, name));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    // Nobody has the name as it was shown: its real bytes are others.
    return passed(name.includes(REPLACEMENT) ? 'not-utf8' : 'vanished');
  }
  if (isFolder) return { kind: 'place', place: { at: below, prefix: below } };
  const lastModifiedMs = Math.floor(found.mtimeMs);
  return { kind: 'object', originKey: below, size: found.size, lastModifiedMs, resolutionMs: 1 };
}

function asFailure(folder: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  const absent = code === 'ENOENT' || code === 'ENOTDIR';
  const what = `the directory ${folder} can't be listed: ${code}`;
  return new Failure(absent ? 'ORIGIN_NOT_FOUND' : 'ORIGIN_UNREACHABLE', what, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return String(error.code);
}
