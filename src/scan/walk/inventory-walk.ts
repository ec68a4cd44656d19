import { open } from 'node:fs/promises';
import type { KeyEntry } from '../../model/entry.ts';
import { FatalError } from '../../model/failure.ts';
import type { WalkPiece, WalkPlace, WalkStep } from '../../model/walk.ts';
import { checkedInventoryFile } from '../find-inventory-files.ts';
import { readManifest } from '../inventory.ts';
import { inventoryBytes } from '../inventory-bytes.ts';
import { inventoryFormat } from '../inventory-format.ts';
import type { Manifest, ManifestFile } from '../inventory-manifest.ts';
import { listSource } from '../list-source.ts';
import { readChunks } from '../read-chunks.ts';
import type { ListWalk } from './key-list-walk.ts';
import { asDamage, listedObject, listPieces } from './list-pieces.ts';
import type { ListFiles } from './list-files.ts';

/** What an inventory's keys are below. */
export interface InventoryFrame {
  /** What the whole key of every origin key begins with. */
  readonly base: string;
  /** What every origin key that is looked for begins with. */
  readonly from: string;
}

export interface InventoryWalkSettings {
  readonly files: ListFiles;
  /**
   * How origin keys hang on the bucket that was listed.
   * @param sourceBucket as the manifest names it
   * @throws FatalError `usage` where it is not one of the rule's.
   */
  readonly frame: (sourceBucket: string | undefined) => InventoryFrame;
}

/** Enough of a key for people to find it. */
const SHOWN_CHARACTERS = 300;

const MANIFEST = 'manifest';

/**
 * Walks an S3 Inventory. A place is the manifest, which names its files, or one file, whose MD5 is
 * checked before a key of it is given out: one that is missing or damaged is a place that can't be
 * listed, whatever the others hold.
 */
export function inventoryWalk(settings: InventoryWalkSettings): ListWalk {
  const { files } = settings;
  const { name } = files;
  return {
    name,
    start: () => [{ at: MANIFEST, prefix: '' }],
    walk: async function* (place, signal) {
      if (place.at === MANIFEST) yield namedFiles(settings, await manifestOf(files, signal));
      else yield* walkFile(settings, fileOf(place), signal);
    },
    check: async (signal) => {
      const { columns, sourceBucket } = await manifestOf(files, signal);
      inventoryFormat(name, columns);
      settings.frame(sourceBucket);
    },
    close: () => files.close(),
  };
}

async function manifestOf(files: ListFiles, signal: AbortSignal): Promise<Manifest> {
  const path = await files.main(signal);
  const handle = await open(path).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new FatalError('usage', `${files.name}: can't be read: ${why}`, error);
  });
  try {
    const read = (from: number) => readChunks(handle, from, signal);
    return await readManifest(files.name, { read, close: () => Promise.resolve() }, signal);
  } finally {
    await handle.close();
  }
}

/** Everything that has to be known of a file to read it, so that a later run can. */
interface FilePlace extends ManifestFile {
  readonly columns: readonly string[];
  readonly sourceBucket: string | undefined;
  readonly createdMs: number | undefined;
}

function namedFiles(
  { frame }: InventoryWalkSettings,
  { files, ...inventory }: Manifest,
): WalkPiece {
  frame(inventory.sourceBucket);
  const steps = files.map((file): WalkStep => {
    const whole: FilePlace = { ...file, ...inventory };
    return { kind: 'place', place: { at: JSON.stringify(whole), prefix: '' } };
  });
  return { steps, links: steps.length };
}

function fileOf({ at }: WalkPlace): FilePlace {
  const parsed: unknown = JSON.parse(at);
  const fields = new Map(Object.entries(typeof parsed === 'object' && parsed ? parsed : {}));
  const text = (name: string): string => String(fields.get(name));
  const number = (name: string): number | undefined =>
    fields.has(name) ? Number(fields.get(name)) : undefined;
  const columns: unknown = fields.get('columns');
  return {
    key: text('key'),
    md5: text('md5'),
    size: number('size'),
    columns: Array.isArray(columns) ? columns.map(String) : [],
    sourceBucket: fields.has('sourceBucket') ? text('sourceBucket') : undefined,
    createdMs: number('createdMs'),
  };
}

async function* walkFile(
  { files, frame }: InventoryWalkSettings,
  place: FilePlace,
  signal: AbortSignal,
): AsyncGenerator<WalkPiece> {
  const { name } = files;
  const { columns, createdMs: asOfMs, sourceBucket } = place;
  const below = frame(sourceBucket);
  const file = await files.named(place.key, signal);
  try {
    const found = await checkedInventoryFile(name, file.path, place, signal).catch(
      (error: unknown) => {
        throw asDamage(error);
      },
    );
    const format = inventoryFormat(name, columns);
    const entries = listSource(name, inventoryBytes(name, [found]), () => Promise.resolve(format));
    yield* listPieces({ name, entries, step: (entry) => stepOf(entry, below), asOfMs }, signal);
  } finally {
    await file.release();
  }
}

function stepOf(entry: KeyEntry, { base, from }: InventoryFrame): WalkStep {
  if (entry.key.startsWith(`${base}${from}`)) {
    return listedObject(entry.key.slice(base.length), entry);
  }
  const link = entry.key.slice(0, SHOWN_CHARACTERS).toWellFormed();
  return { kind: 'passed', reason: 'outside', link };
}
