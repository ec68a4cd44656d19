import { join } from 'node:path';
import type { Fingerprint, SegmentRecord } from '../model/checkpoint.ts';
import type { Tally } from '../model/event.ts';
import type { FailureCode } from '../model/failure.ts';
import { fromJobColumns, JOB_COLUMNS, type JobRow } from './job-row.ts';
import type { Connection } from './open-database.ts';
import { readStateFile } from './read-state-file.ts';
import { fromSegmentRow, SEGMENT_COLUMNS } from './segment-row.ts';
import { SegmentTable } from './segment-table.ts';
import { JOB_SCHEMA } from './state-schema.ts';

/** How far a job is. */
export interface JobProgress extends Tally {
  /** How many keys failed by which code. */
  readonly failures: Readonly<Partial<Record<FailureCode, number>>>;
  readonly openSegments: number;
  /** Keys of open segments that are yet to be examined. */
  readonly openEntries: number;
  /** Large objects that a run may go on with. */
  readonly uploads: number;
}

/** What a job's state says at one moment. */
export interface JobReading {
  /** Undefined where no run of the job has come as far as its first key. */
  readonly fingerprint: Fingerprint | undefined;
  /** Every key was examined. */
  readonly finished: boolean;
  /** Failed keys were opened again, and are not all settled yet. */
  readonly reopened: boolean;
  readonly progress: JobProgress;
}

/** Rows that a pass over the failures holds in memory at once. */
const ROWS_AT_ONCE = 256;

/**
 * What the state of a job says, without its lock and without changing it: a run may be at work.
 * @param directory the job's, as `Job.directory` names it
 * @returns undefined where no state is there.
 * @throws FatalError `state-unusable`.
 */
export function readJob(directory: string): JobReading | undefined {
  return readStateFile(join(directory, 'checkpoint.db'), JOB_SCHEMA, (database) => {
    const names = [...JOB_COLUMNS.map((column) => column.split(' ')[0]), 'crc'];
    const row = fromJobColumns(database.prepare(`SELECT ${names.join()} FROM job`).raw().get());
    const segments = new SegmentTable(database);
    segments.verify(row);
    const open = segments.open();
    return {
      fingerprint: row.fingerprint === null ? undefined : parseFingerprint(row.fingerprint),
      finished: row.finished,
      reopened: row.reopened,
      progress: {
        ...tallyOf(row),
        failures: countFailures(database),
        openSegments: open.length,
        openEntries: open.reduce((sum, segment) => sum + openEntries(segment), 0),
        uploads: row.uploads,
      },
    };
  });
}

function tallyOf({ copied, skipped, failed }: JobRow): Tally {
  return { listed: copied + skipped + failed, copied, skipped, failed };
}

function parseFingerprint(text: string): Fingerprint {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('no fingerprint is stored');
  return Object.fromEntries(Object.entries(parsed).map(([field, value]) => [field, String(value)]));
}

function openEntries({ entries, copied, skipped, failed }: SegmentRecord): number {
  return entries - copied - skipped - failed;
}

function countFailures(database: Connection): JobProgress['failures'] {
  const next = database.prepare(
    `SELECT ${SEGMENT_COLUMNS} FROM segment WHERE id > ? AND failures IS NOT NULL ORDER BY id LIMIT ${ROWS_AT_ONCE}`,
  );
  const counts: Partial<Record<FailureCode, number>> = {};
  for (let after = -1; ;) {
    const segments = next.raw().all(after).map(fromSegmentRow);
    for (const { failures } of segments) {
      for (const { code } of failures) counts[code] = (counts[code] ?? 0) + 1;
    }
    const last = segments.at(-1);
    if (last === undefined) return counts;
    after = last.id;
  }
}
