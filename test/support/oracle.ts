import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ObjectEvent } from '../../src/model/event.ts';
import type { CliResult } from './run-cli.ts';

/** What ought to be true when a job is done. */
export interface Expectation {
  /** The list's entries, in order, repeats included. */
  readonly entries: readonly string[];
  /** Key to SHA-256 (hex) of every object that must have arrived. */
  readonly objects: ReadonlyMap<string, string>;
  /** What the bucket holds, by key; a directory's is {@link plainFiles}. */
  readonly stored: () => Promise<ReadonlyMap<string, Uint8Array>>;
}

/**
 * Proves from the events of all runs of a job, and from the bucket, that every entry is accounted
 * for: not by comparing counters, but entry by entry. @returns everything that is wrong.
 */
export async function contradictions(
  runs: readonly CliResult[],
  expected: Expectation,
): Promise<readonly string[]> {
  return [
    ...runs.flatMap((run, index) => overcounted(run, expected, index)),
    ...untold(runs, expected),
    ...summaryErrors(runs, expected),
    ...(await storedErrors(runs, expected)),
  ];
}

/** Within one run no entry may be told more often than the list holds it. */
function overcounted(run: CliResult, { entries }: Expectation, index: number): string[] {
  const listed = countBy(entries, (key) => key);
  const told = countBy(run.objects, nameOf);
  return Array.from(told)
    .filter(([key, times]) => times > (listed.get(key) ?? 0))
    .map(([key, times]) => `run ${index} told ${key} ${times} times`);
}

/** Over all runs every entry must be told at least as often as the list holds it. */
function untold(runs: readonly CliResult[], { entries }: Expectation): string[] {
  const told = countBy(
    runs.flatMap((run) => run.objects),
    nameOf,
  );
  return Array.from(countBy(entries, (key) => key))
    .filter(([key, times]) => (told.get(key) ?? 0) < times)
    .map(([key]) => `${key} was never told`);
}

/** The last run's own numbers and what it carried over make up the list. */
function summaryErrors(runs: readonly CliResult[], { entries }: Expectation): string[] {
  const last = runs.at(-1);
  const summary = last?.summary;
  if (last === undefined || summary === undefined) return ['the last run has no summary'];
  const { listed, copied, skipped, failed, carried } = summary;
  const wrong: string[] = [];
  if (listed !== last.objects.length) wrong.push(`listed ${listed}, told ${last.objects.length}`);
  if (listed !== copied + skipped + failed) wrong.push('listed is not copied + skipped + failed');
  if (carried.listed + listed !== entries.length) {
    wrong.push(`carried ${carried.listed} + listed ${listed} is not ${entries.length}`);
  }
  return wrong;
}

async function storedErrors(
  runs: readonly CliResult[],
  { objects, stored: readStored }: Expectation,
): Promise<string[]> {
  const wrong: string[] = [];
  const stored = await readStored();
  for (const [key, digest] of objects) {
    const bytes = stored.get(key);
    if (bytes === undefined) wrong.push(`${key} is not in the bucket`);
    else if (sha256(bytes) !== digest) wrong.push(`${key} has other bytes`);
  }
  for (const key of stored.keys()) if (!objects.has(key)) wrong.push(`${key} should not be there`);
  const settled = new Set(
    runs.flatMap((run) => run.objects.filter(saysStored)).map((event) => nameOf(event)),
  );
  for (const key of settled) if (!stored.has(key)) wrong.push(`${key} was told stored and is not`);
  return wrong;
}

function saysStored(event: ObjectEvent): boolean {
  return (
    event.outcome === 'copied' ||
    (event.outcome === 'skipped' && (event.reason === 'exists' || event.reason === 'unchanged'))
  );
}

function nameOf(event: ObjectEvent): string {
  return 'key' in event ? event.key : `base64:${event.keyBase64}`;
}

function countBy<T>(items: readonly T[], name: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(name(item), (counts.get(name(item)) ?? 0) + 1);
  return counts;
}

/** Every file of a directory bucket that stands at its key's own path. */
export async function plainFiles(directory: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const key = path.relative(directory, file);
    if (!key.startsWith('.bucketfill-bucket')) files.set(key, await readFile(file));
  }
  return files;
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
