import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SummaryEvent } from '../model/event.ts';
import { fileFailure } from './state-failure.ts';

/** What a run of a job leaves about itself: once when it starts, once more when it ends. */
export interface LastRun {
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly started: string;
  /** ISO 8601, UTC; null while it runs, and for ever where it was killed. */
  readonly ended: string | null;
  /** It was told to stop before it was through. */
  readonly interrupted: boolean;
  /** What it told at its end; null before that. */
  readonly summary: SummaryEvent | null;
}

/**
 * Notes the last run of a job in its directory, in the place of the one before, in one step.
 * @param directory the job's, as `Job.directory` names it
 * @throws FatalError `state-unusable`.
 */
export async function writeLastRun(directory: string, record: LastRun): Promise<void> {
  const target = fileIn(directory);
  const beside = `${target}.${randomUUID()}.new`;
  try {
    const file = await open(beside, 'wx');
    try {
      await file.writeFile(`${JSON.stringify(record)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw fileFailure(error, target) ?? error;
  }
}

/**
 * What the last run of a job left about itself; undefined where it left nothing, as runs of older
 * versions did. It only adds to what the checkpoint says, so one that can't be read is as good as
 * none.
 */
export async function readLastRun(directory: string): Promise<LastRun | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(fileIn(directory), 'utf8'));
    return isLastRun(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function fileIn(directory: string): string {
  return join(directory, 'last-run.json');
}

/** The file is put in its place whole, so what looks like a record is one. */
function isLastRun(value: unknown): value is LastRun {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const isTime = (time: unknown): boolean =>
    typeof time === 'string' && !Number.isNaN(Date.parse(time));
  const ended = fields.get('ended');
  return (
    typeof fields.get('command') === 'string' &&
    typeof fields.get('interrupted') === 'boolean' &&
    typeof fields.get('summary') === 'object' &&
    isTime(fields.get('started')) &&
    (ended === null || isTime(ended))
  );
}
