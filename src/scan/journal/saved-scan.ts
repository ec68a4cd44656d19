import path from 'node:path';
import { readSavedFields } from '../saved-fields.ts';
import { writeDurably } from '../write-durably.ts';
import type { TakenPlace } from './frontier.ts';

/** Where a scan stood when it was saved: what is behind these offsets never happened. */
export interface SavedScan {
  readonly manifestBytes: number;
  readonly placesBytes: number;
  readonly failuresBytes: number;
  /** First line of the places that was not taken. */
  readonly head: number;
  readonly taken: readonly TakenPlace[];
  readonly tallies: string;
}

const VERSION = 1;
const NAME = 'scan.json';

/** @returns undefined where nothing was saved. @throws SyntaxError where it can't be read. */
export async function loadSaved(directory: string): Promise<SavedScan | undefined> {
  const fields = await readSavedFields(path.join(directory, NAME), VERSION);
  if (fields === undefined) return undefined;
  const { number } = fields;
  const tallies = fields.get('tallies');
  return {
    manifestBytes: number('manifestBytes'),
    placesBytes: number('placesBytes'),
    failuresBytes: number('failuresBytes'),
    head: number('head'),
    taken: takenOf(fields.get('taken')),
    tallies: typeof tallies === 'string' ? tallies : '',
  };
}

function takenOf(value: unknown): TakenPlace[] {
  if (!Array.isArray(value)) throw new SyntaxError('taken is missing');
  return value.map((item: unknown): TakenPlace => {
    const [id, count, hash] = Array.isArray(item) ? item.map(Number) : [];
    if (id === undefined || count === undefined || hash === undefined) {
      throw new SyntaxError('a taken place is broken');
    }
    return [id, count, hash];
  });
}

/** Replaces what was saved, in one step that a power cut does not undo. */
export async function writeSaved(directory: string, saved: SavedScan): Promise<void> {
  await writeDurably(path.join(directory, NAME), JSON.stringify({ version: VERSION, ...saved }));
}
