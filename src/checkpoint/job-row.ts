import { crc32 } from 'node:zlib';

/** How far the results log is in step with the checkpoint. */
export interface LogPlace {
  /** Raised by every fresh pass over the job; 0 before the first. */
  readonly generation: number;
  /** The earlier generation whose lines are kept as well; 0 for none. */
  readonly kept: number;
  /** Number of the file that is written to, from 1. */
  readonly file: number;
  /** Where its last line that counts ends. */
  readonly bytes: number;
}

/**
 * What a job's one row says: the job, and running sums over the other tables, by which a lost,
 * doubled or outdated row of theirs is found out.
 */
export interface JobRow extends LogPlace {
  /** JSON; null before a job is begun. */
  readonly fingerprint: string | null;
  readonly finished: boolean;
  /** It was finished, and then failed entries were opened again: none behind them was begun since. */
  readonly reopened: boolean;
  readonly copied: number;
  readonly skipped: number;
  readonly failed: number;
  /** How many segments there are. */
  readonly segments: number;
  /** Their checksums, added up by {@link exchange}. */
  readonly segmentSum: number;
  /** How many uploads there are, and their checksums likewise. */
  readonly uploads: number;
  readonly uploadSum: number;
}

/** The columns in the order of the table; the id, always 1, comes before and the CRC-32 behind. */
export const JOB_COLUMNS = [
  'fingerprint BLOB',
  'finished INTEGER NOT NULL',
  'copied INTEGER NOT NULL',
  'skipped INTEGER NOT NULL',
  'failed INTEGER NOT NULL',
  'segments INTEGER NOT NULL',
  'segment_sum INTEGER NOT NULL',
  'uploads INTEGER NOT NULL',
  'upload_sum INTEGER NOT NULL',
  'generation INTEGER NOT NULL',
  'kept INTEGER NOT NULL',
  'log_file INTEGER NOT NULL',
  'log_bytes INTEGER NOT NULL',
] as const;

/** The row of a state that holds no job yet. */
export const NO_JOB: JobRow = {
  fingerprint: null,
  finished: false,
  reopened: false,
  copied: 0,
  skipped: 0,
  failed: 0,
  segments: 0,
  segmentSum: 0,
  uploads: 0,
  uploadSum: 0,
  generation: 0,
  kept: 0,
  file: 1,
  bytes: 0,
};

/** Sums stay exact: 2^48 is far below what a double holds, and adding mixes where XOR cancels. */
export const SUM_MODULUS = 2 ** 48;

/** `sum` with one checksum in it for another; 0 stands for none. */
export function exchange(sum: number, before: number, now: number): number {
  return (sum + SUM_MODULUS - before + now) % SUM_MODULUS;
}

/** What the column `finished` says. */
const UNFINISHED = 0;
const FINISHED = 1;
const REOPENED = 2;

/** The columns of a job's row, its CRC last. */
export function toJobColumns(job: JobRow): (Uint8Array | number | null)[] {
  const numbers = [
    finishOf(job),
    job.copied,
    job.skipped,
    job.failed,
    job.segments,
    job.segmentSum,
    job.uploads,
    job.uploadSum,
    job.generation,
    job.kept,
    job.file,
    job.bytes,
  ];
  const fingerprint = job.fingerprint === null ? null : Buffer.from(job.fingerprint);
  return [fingerprint, ...numbers, checksum(job.fingerprint, numbers)];
}

/**
 * What {@link toJobColumns} was given.
 * @throws Error where it can't have made these columns.
 */
export function fromJobColumns(row: unknown): JobRow {
  if (!Array.isArray(row)) throw new Error('the row of the job is missing');
  const columns: readonly unknown[] = row;
  const [stored, ...numbers] = columns;
  const fingerprint = stored instanceof Uint8Array ? Buffer.from(stored).toString() : null;
  if (checksum(fingerprint, numbers.slice(0, -1)) !== numbers.at(-1)) {
    throw new Error("the job's row fails its checksum");
  }
  const number = (at: number) => Number(numbers[at]);
  return {
    fingerprint,
    finished: number(0) === FINISHED,
    reopened: number(0) === REOPENED,
    copied: number(1),
    skipped: number(2),
    failed: number(3),
    segments: number(4),
    segmentSum: number(5),
    uploads: number(6),
    uploadSum: number(7),
    generation: number(8),
    kept: number(9),
    file: number(10),
    bytes: number(11),
  };
}

function checksum(fingerprint: string | null, numbers: readonly unknown[]): number {
  return crc32(JSON.stringify([fingerprint, ...numbers]));
}

function finishOf({ finished, reopened }: JobRow): number {
  if (finished) return FINISHED;
  return reopened ? REOPENED : UNFINISHED;
}
