import { join } from 'node:path';
import type { EntryPlace, StoredResult } from '../model/checkpoint.ts';
import { fromJobColumns, JOB_COLUMNS, type LogPlace } from './job-row.ts';
import { PlaceSet } from './place-set.ts';
import { readMembers, readMembersBackwards } from './read-members.ts';
import { resultNames, storedResult } from './read-results.ts';
import { readStateFile } from './read-state-file.ts';
import { JOB_SCHEMA } from './state-schema.ts';

/**
 * What became of each entry of a job's last begun pass, each entry once, in the order in which it
 * was kept and in batches: exactly what the checkpoint counts at that moment. It takes no lock.
 *
 * A retry examines entries again and puts their lines behind the old ones. So the batches are read
 * twice: first from the last to the first, where a line whose place was seen is outdated, then from
 * the first to the last without the outdated ones. That takes a bit of memory an entry, a byte a
 * line of batches with outdated ones, and where each batch begins, whatever stands in the lines.
 *
 * What stands behind the place that the checkpoint noted was told by a run that died before it
 * counted, or is being told now: it is passed over. So are files that were removed.
 *
 * @param directory the job's, as `Job.directory` names it.
 * @throws FatalError `state-unusable` where the checkpoint or a file is damaged.
 */
export async function* lastResults(directory: string): AsyncGenerator<readonly StoredResult[]> {
  const files = await countedFiles(directory);
  const outdated = await findOutdated(files);
  for (const [number, { path, end }] of files.entries()) {
    for await (const { lines, position } of readMembers(path, { end })) {
      const marks = outdated[number]?.get(position);
      yield lines.filter((_, index) => marks?.[index] !== OUTDATED).map(storedResult);
    }
  }
}

interface CountedFile {
  readonly path: string;
  /** Where its last line that counts ends; undefined where all of it counts. */
  readonly end: number | undefined;
}

async function countedFiles(directory: string): Promise<readonly CountedFile[]> {
  const place = notedPlace(directory);
  const root = join(directory, 'results');
  const names = await resultNames(root);
  const generation = names.find((name) => Number(name) === place?.generation);
  if (place === undefined || generation === undefined) return [];
  const folder = join(root, generation);
  const files: CountedFile[] = [];
  for (const name of await resultNames(folder)) {
    const number = Number.parseInt(name, 10);
    if (number > place.file) continue;
    files.push({ path: join(folder, name), end: number === place.file ? place.bytes : undefined });
  }
  return files;
}

function notedPlace(directory: string): LogPlace | undefined {
  return readStateFile(join(directory, 'checkpoint.db'), JOB_SCHEMA, (database) => {
    const names = [...JOB_COLUMNS.map((column) => column.split(' ')[0]), 'crc'];
    return fromJobColumns(database.prepare(`SELECT ${names.join()} FROM job`).raw().get());
  });
}

const OUTDATED = 1;

/** For each batch with outdated lines, by its position: a byte a line. */
type Outdated = ReadonlyMap<number, Uint8Array>;

async function findOutdated(files: readonly CountedFile[]): Promise<readonly Outdated[]> {
  const seen = new PlaceSet();
  const outdated: Outdated[] = [];
  for (const { path, end } of files.toReversed()) {
    const inFile = new Map<number, Uint8Array>();
    for await (const { lines, position } of readMembersBackwards(path, end)) {
      const marks = markOutdated(lines, seen);
      if (marks !== undefined) inFile.set(position, marks);
    }
    outdated.unshift(inFile);
  }
  return outdated;
}

/** Undefined where no line is outdated. */
function markOutdated(lines: readonly string[], seen: PlaceSet): Uint8Array | undefined {
  let marks: Uint8Array | undefined;
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    if (seen.add(placeOf(lines[index] ?? ''))) continue;
    marks ??= new Uint8Array(lines.length);
    marks[index] = OUTDATED;
  }
  return marks;
}

const PLACE = /^\{"time":"[^"]*","segment":(\d+),"index":(\d+),/;

/** Where the entry of a line stands; taking the whole line apart would cost several times as much. */
function placeOf(line: string): EntryPlace {
  const [, segment, index] = PLACE.exec(line) ?? [];
  if (segment === undefined || index === undefined) return storedResult(line);
  return { segment: Number(segment), index: Number(index) };
}
