import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
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
  let text: string;
  try {
    text = await readFile(path.join(directory, NAME), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const parsed: unknown = JSON.parse(text);
  const fields = new Map(Object.entries(typeof parsed === 'object' && parsed ? parsed : {}));
  if (fields.get('version') !== VERSION) throw new SyntaxError('it is of another version');
  const number = (name: string): number => {
    const value: unknown = fields.get(name);
    if (typeof value !== 'number') throw new SyntaxError(`${name} is missing`);
    return value;
  };
  const tallies: unknown = fields.get('tallies');
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
  const file = path.join(directory, NAME);
  const handle = await open(`${file}.new`, 'w');
  try {
    await handle.writeFile(JSON.stringify({ version: VERSION, ...saved }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
