import type { SegmentRecord } from '../model/checkpoint.ts';
import type { SourcePosition } from '../model/entry.ts';
import { exchange, type JobRow } from './job-row.ts';
import type { Connection } from './open-database.ts';
import { reopenSegment } from './reopen-segment.ts';
import {
  fromSegmentRow,
  readSegmentCounts,
  SEGMENT_COLUMNS,
  type SegmentCounts,
  toSegmentRow,
} from './segment-row.ts';

/** Rows that a pass over all of them holds in memory at once. */
const ROWS_AT_ONCE = 1024;

/** The same of segments with failures: each may hold a thousand messages. */
const FAILED_AT_ONCE = 128;

/** Segments, one row each; the caller's transaction and its job row hold them together. */
export class SegmentTable {
  readonly #get;
  readonly #put;
  readonly #after;
  readonly #open;
  readonly #failed;
  readonly #clear;

  constructor(database: Connection) {
    const select = `SELECT ${SEGMENT_COLUMNS} FROM segment`;
    const marks = SEGMENT_COLUMNS.replace(/\w+/g, '?');
    this.#get = database.prepare(`${select} WHERE id = ?`);
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO segment (${SEGMENT_COLUMNS}) VALUES (${marks})`,
    );
    this.#after = database.prepare(`${select} WHERE id > ? ORDER BY id LIMIT ${ROWS_AT_ONCE}`);
    this.#open = database.prepare(`${select} WHERE closed = 0 ORDER BY id`);
    this.#failed = database.prepare(
      `${select} WHERE id > ? AND failed > 0 ORDER BY id LIMIT ${FAILED_AT_ONCE}`,
    );
    this.#clear = database.prepare('DELETE FROM segment');
  }

  /** Segments with open entries, by id. */
  open(): readonly SegmentRecord[] {
    return this.#open.raw().all().map(fromSegmentRow);
  }

  /** The next segments with failed entries, by id; none behind the last of them. */
  failed(after: number): readonly SegmentRecord[] {
    return this.#failed.raw().all(after).map(fromSegmentRow);
  }

  /** Opens every failed entry again. @returns the job with that in its sums. */
  reopen(job: JobRow): JobRow | Error {
    let reopened = job;
    for (let after = -1; ;) {
      const segments = this.failed(after);
      for (const segment of segments) {
        const put = this.put(reopened, reopenSegment(segment));
        if (put instanceof Error) return put;
        reopened = put;
      }
      const last = segments.at(-1);
      if (last === undefined) return reopened;
      after = last.id;
    }
  }

  /** Where the last segment ends. */
  position(job: JobRow): SourcePosition {
    if (job.segments === 0) return { end: 0, prefixCrc: 0 };
    const { end, prefixCrc } = readSegmentCounts(this.#get.raw().get(job.segments - 1));
    return { end, prefixCrc };
  }

  clear(): void {
    this.#clear.run();
  }

  /** @returns the job with the segment in its sums, or why the segment is refused. */
  put(job: JobRow, segment: SegmentRecord): JobRow | Error {
    const problem = segmentProblem(segment, job.segments);
    if (problem !== undefined) return new Error(`segment ${segment.id}: ${problem}`);
    const stored: unknown = segment.id < job.segments ? this.#get.raw().get(segment.id) : undefined;
    const before = stored === undefined ? undefined : readSegmentCounts(stored);
    const row = toSegmentRow(segment);
    this.#put.run(...row);
    const crc = row[row.length - 1];
    return {
      ...job,
      ...counted(job, segment, before),
      segments: Math.max(job.segments, segment.id + 1),
      segmentSum: exchange(job.segmentSum, before?.crc ?? 0, Number(crc)),
    };
  }

  /** @throws Error where the rows are not those that the job's sums were made of. */
  verify(job: JobRow): void {
    let sums = { ...job, copied: 0, skipped: 0, failed: 0, segments: 0, segmentSum: 0 };
    for (;;) {
      const rows = this.#after.raw().all(sums.segments - 1);
      for (const row of rows) {
        const { crc, ...counts } = readSegmentCounts(row);
        if (counts.id !== sums.segments) throw new Error(`segment ${sums.segments} is missing`);
        sums = {
          ...sums,
          ...counted(sums, counts, undefined),
          segments: sums.segments + 1,
          segmentSum: exchange(sums.segmentSum, 0, crc),
        };
      }
      if (rows.length < ROWS_AT_ONCE) break;
    }
    const fields = ['copied', 'skipped', 'failed', 'segments', 'segmentSum'] as const;
    if (fields.some((field) => sums[field] !== job[field])) {
      throw new Error("the segments are not those that the job's row counts");
    }
  }
}

type Counts = Pick<SegmentCounts, 'copied' | 'skipped' | 'failed'>;

function counted(sums: Counts, now: Counts, before: Counts | undefined): Counts {
  return {
    copied: sums.copied + now.copied - (before?.copied ?? 0),
    skipped: sums.skipped + now.skipped - (before?.skipped ?? 0),
    failed: sums.failed + now.failed - (before?.failed ?? 0),
  };
}

function segmentProblem(segment: SegmentRecord, next: number): string | undefined {
  if (segment.id > next) return `was committed before segment ${next} was begun`;
  const done = segment.copied + segment.skipped + segment.failed;
  if (segment.closed && done !== segment.entries) {
    return `was closed with ${done} of ${segment.entries} entries accounted for`;
  }
  return undefined;
}
