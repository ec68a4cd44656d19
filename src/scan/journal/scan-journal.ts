import { rm } from 'node:fs/promises';
import path from 'node:path';
import { FatalError } from '../../model/failure.ts';
import type { ManifestEntry, ScanJournal } from '../../model/scan-journal.ts';
import { AppendFile } from './append-file.ts';
import { Frontier } from './frontier.ts';
import { manifestLine } from './manifest-line.ts';
import { loadSaved, type SavedScan, writeSaved } from './saved-scan.ts';

const START: SavedScan = {
  manifestBytes: 0,
  placesBytes: 0,
  failuresBytes: 0,
  head: 0,
  taken: [],
  tallies: '',
};

/** Where a scan's manifest stands in its job's directory. */
export function manifestPath(directory: string): string {
  return path.join(directory, 'manifest.jsonl');
}

/**
 * The journal of a scan, in files of its job's directory:
 *
 *     manifest.jsonl           a line a key
 *     places.jsonl             every place that was found
 *     listing-failures.jsonl   the places that could not be listed
 *     scan.json                where these three stood when it was saved
 *
 * What stands behind the saved offsets is cut off when the journal is opened, so each piece is
 * there whole or not at all, and a place that was being walked goes on behind its last piece.
 * @param fresh forgets what is there
 * @throws FatalError `state-unusable`.
 */
export async function openScanJournal(directory: string, fresh: boolean): Promise<ScanJournal> {
  return unlessUnusable(directory, async () => {
    if (fresh) await rm(path.join(directory, 'scan.json'), { force: true });
    const standing = await loadSaved(directory);
    const saved = standing ?? START;
    const file = (name: string, bytes: number) => openAt(path.join(directory, name), bytes);
    const manifest = await file(path.basename(manifestPath(directory)), saved.manifestBytes);
    const places = await file('places.jsonl', saved.placesBytes);
    const failures = await file('listing-failures.jsonl', saved.failuresBytes);
    const frontier = new Frontier(places, saved.head);
    await frontier.restore(saved.taken);
    return journalOver({ directory, standing, manifest, places, failures, frontier });
  });
}

function manifestLines(entries: readonly ManifestEntry[]): string {
  let lines = '';
  // Twice as fast as to join them.
  for (const entry of entries) lines += manifestLine(entry);
  return lines;
}

async function openAt(name: string, bytes: number): Promise<AppendFile> {
  const file = await AppendFile.open(name, bytes);
  if (file === undefined) throw new SyntaxError(`${path.basename(name)} is cut`);
  return file;
}

interface Parts {
  readonly directory: string;
  readonly standing: SavedScan | undefined;
  readonly manifest: AppendFile;
  readonly places: AppendFile;
  readonly failures: AppendFile;
  readonly frontier: Frontier;
}

function journalOver(parts: Parts): ScanJournal {
  const { directory, standing, manifest, places, failures, frontier } = parts;
  return {
    standing,
    begin: (source, found) => frontier.add(source, found),
    next: () => unlessUnusable(directory, () => frontier.take()),
    record: (place, piece) => {
      const { entries } = piece;
      frontier.mark(place, piece.mark);
      const forPlaces = frontier.add(place.source, piece.places);
      const forLines = entries.length === 0 ? undefined : manifest.append(manifestLines(entries));
      return forLines ?? forPlaces;
    },
    finish: (place, failure) => {
      frontier.done(place);
      // Few come at once, so nobody has to wait for room.
      if (failure !== undefined)
        failures.append(`${JSON.stringify(failure)}\n`)?.catch(() => undefined);
    },
    save: (tallies) =>
      unlessUnusable(directory, async () => {
        const saved: SavedScan = {
          manifestBytes: manifest.endBytes,
          placesBytes: places.endBytes,
          failuresBytes: failures.endBytes,
          head: frontier.head,
          taken: frontier.taken,
          tallies,
        };
        await Promise.all([manifest.sync(), places.sync(), failures.sync()]);
        await writeSaved(directory, saved);
        return saved.manifestBytes;
      }),
    close: async () => {
      await Promise.all([manifest.close(), places.close(), failures.close()]);
    },
  };
}

async function unlessUnusable<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asUnusable(directory, error);
  }
}

function asUnusable(directory: string, error: unknown): unknown {
  if (error instanceof SyntaxError) {
    const advice = 'run with --new-job, which sets it aside and starts afresh';
    const line = `the scan in ${directory} can't be gone on with (${error.message}): ${advice}`;
    return new FatalError('state-unusable', line, error);
  }
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  const line = `the scan in ${directory} can't be written (${error.message}): make room or make it writable, then run again, the scan resumes where it stands`;
  return new FatalError('state-unusable', line, error);
}
