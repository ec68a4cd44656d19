import { lstatSync } from 'node:fs';
import type { Dirent, Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Failure } from '../../model/failure.ts';
import { MAX_KEY_BYTES, utf8Length } from '../../model/object-key.ts';
import type { OriginWalk, PassedReason, WalkPiece, WalkPlace, WalkStep } from '../../model/walk.ts';

/** Entries that are given out together. */
const PIECE_ENTRIES = 256;

/** How long everybody else waits at most, beside one look that takes longer by itself. */
const SPELL_MS = 5;

/** With fewer looks than these in a full spell, threads are faster. */
const FEW_LOOKS = 40;

/** Looks that go through threads after slow spells, before this thread is tried again. */
const LOOKS_THROUGH_THREADS = 512;

/** What stands in a name for bytes that are not UTF-8; a name may also really hold it. */
const REPLACEMENT = '\ufffd';

/**
 * Walks a local directory. A place is one folder. Symbolic links are not followed, whatever they
 * lead to, and names that are not UTF-8 can't be keys: both are passed over.
 * @param root absolute
 * @param now the clock that files get their dates from, in milliseconds since the epoch
 */
export function directoryWalk(root: string, now: () => number): OriginWalk {
  const looks = new EntryLooks(now);
  return {
    name: root,
    start: () => [{ at: '', prefix: '' }],
    walk: (place, signal) => walkFolder(root, place, signal, { looks, now }),
    close: () => Promise.resolve(),
  };
}

async function* walkFolder(
  root: string,
  place: WalkPlace,
  signal: AbortSignal,
  { looks, now }: { looks: EntryLooks; now: () => number },
): AsyncGenerator<WalkPiece> {
  const folder = path.join(root, place.at);
  let entries: Dirent[] = [];
  const asOfMs = now();
  const give = async (): Promise<WalkPiece> => {
    const told = entries.map((entry) => entryOf(place, entry));
    const steps = await looks.stepsOf(folder, told);
    return { steps, links: entries.length, asOfMs };
  };
  try {
    for await (const entry of await opendir(folder, { bufferSize: PIECE_ENTRIES })) {
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

/** An entry of a folder, told as far as its name and its type go. */
interface Entry {
  readonly name: string;
  readonly below: string;
  readonly isFolder: boolean;
  /** Undefined where it takes a look at what stands there. */
  readonly step: WalkStep | undefined;
}

function entryOf({ at }: WalkPlace, entry: Dirent): Entry {
  const { name } = entry;
  const isFolder = entry.isDirectory();
  const below = `${at}${name}${isFolder ? '/' : ''}`;
  const told = (step: WalkStep | undefined): Entry => ({ name, below, isFolder, step });
  if (entry.isSymbolicLink()) return told(passed('symlink', name));
  if (!isFolder && !entry.isFile()) return told(passed('special', name));
  if (utf8Length(below) > MAX_KEY_BYTES) return told(passed('too-long', name));
  const isClear = isFolder && !name.includes(REPLACEMENT);
  return told(isClear ? { kind: 'place', place: { at: below, prefix: below } } : undefined);
}

const passed = (reason: PassedReason, link: string): WalkStep => ({ kind: 'passed', reason, link });

/**
 * Looks at the entries of folders. Where the file system answers from memory, a look in this thread
 * is a fraction of the work of one in another, so that is done in short spells. Where two of them
 * show that it does not (a cold disk, a network), the next looks go through threads, many at once.
 */
class EntryLooks {
  readonly #now: () => number;
  #slowSpells = 0;
  #throughThreads = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns what each entry comes to, in their order */
  async stepsOf(folder: string, entries: readonly Entry[]): Promise<WalkStep[]> {
    const steps: WalkStep[] = [];
    while (steps.length < entries.length) {
      if (this.#throughThreads > 0) {
        const rest = entries.slice(steps.length);
        steps.push(...(await Promise.all(rest.map((entry) => stepLater(folder, entry)))));
        this.#throughThreads -= rest.length;
      } else {
        this.#spell(folder, entries, steps);
        await setImmediate();
      }
    }
    return steps;
  }

  #spell(folder: string, entries: readonly Entry[], steps: WalkStep[]): void {
    const until = this.#now() + SPELL_MS;
    let looks = 0;
    for (const entry of entries.slice(steps.length)) {
      steps.push(entry.step ?? stepNow(folder, entry));
      looks += 1;
      if (this.#now() >= until) break;
    }
    const isSlow = looks < FEW_LOOKS && this.#now() >= until;
    this.#slowSpells = isSlow ? this.#slowSpells + 1 : 0;
    // One alone may be this thread's own delay.
    if (this.#slowSpells > 1) this.#throughThreads = LOOKS_THROUGH_THREADS;
  }
}

function stepNow(folder: string, entry: Entry): WalkStep {
  return stepOf(entry, lstatSync(path.join(folder, entry.name), { throwIfNoEntry: false }));
}

async function stepLater(folder: string, entry: Entry): Promise<WalkStep> {
  if (entry.step !== undefined) return entry.step;
  let found: Stats | undefined;
  try {
    found = await lstat(path.join(folder, entry.name));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  return stepOf(entry, found);
}

/** @param found what stands under the name, links not followed; undefined where nothing does */
function stepOf({ name, below, isFolder }: Entry, found: Stats | undefined): WalkStep {
  // Nobody has the name as it was shown: its real bytes are others.
  if (found === undefined)
    return passed(name.includes(REPLACEMENT) ? 'not-utf8' : 'vanished', name);
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
