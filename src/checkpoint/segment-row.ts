import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { FAILURE_CODES } from '../model/failure.ts';
import {
  ENTRY_COPIED,
  ENTRY_FAILED,
  ENTRY_SKIPPED,
  type SegmentFailure,
  type SegmentRecord,
} from '../model/checkpoint.ts';

/** A segment's columns in the order of the table; the last is a CRC-32 over the others. */
export type SegmentRow = [
  id: number,
  start: number,
  end: number,
  prefixCrc: number,
  entries: number,
  outcomes: Uint8Array | null,
  failures: Uint8Array | null,
  closed: number,
  copied: number,
  skipped: number,
  failed: number,
  crc: number,
];

/** The names of the columns, in that order. */
export const SEGMENT_COLUMNS =
  'id, start_byte, end_byte, prefix_crc, entries, outcomes, failures, closed, copied, skipped, failed, crc';

/** Entries that one byte of outcomes holds, two bits each. */
const ENTRIES_PER_BYTE = 4;

/** The row of a segment: outcomes that all say the same are left out, and so are no failures. */
export function toSegmentRow(segment: SegmentRecord): SegmentRow {
  const { id, start, end, prefixCrc, entries, copied, skipped, failed } = segment;
  const columns = [
    id,
    start,
    end,
    prefixCrc,
    entries,
    uniformOutcome(segment) === undefined ? segment.outcomes : null,
    segment.failures.length === 0 ? null : packFailures(segment.failures),
    segment.closed ? 1 : 0,
    copied,
    skipped,
    failed,
  ] as const;
  return [...columns, checksum(columns)];
}

/** What a row says of its segment beside outcomes and failures. */
export type SegmentCounts = Omit<SegmentRecord, 'outcomes' | 'failures'>;

/**
 * What a row says, cheaply: for passes over all of them.
 * @throws Error where the row fails its checksum.
 */
export function readSegmentCounts(row: unknown): SegmentCounts & { readonly crc: number } {
  const columns = checkedColumns(row);
  return { ...countsOf(columns), crc: toNumber(columns.at(-1)) };
}

function countsOf(columns: readonly unknown[]): SegmentCounts {
  const number = (column: number) => toNumber(columns[column]);
  return {
    id: number(0),
    start: number(1),
    end: number(2),
    prefixCrc: number(3),
    entries: number(4),
    closed: number(7) === 1,
    copied: number(8),
    skipped: number(9),
    failed: number(10),
  };
}

/**
 * The segment that a row was made of.
 * @throws Error where the row can't have been written by {@link toSegmentRow}.
 */
export function fromSegmentRow(row: unknown): SegmentRecord {
  const columns = checkedColumns(row);
  const counts = countsOf(columns);
  const stored = columns[5];
  return {
    ...counts,
    failures: unpackFailures(columns[6]),
    outcomes:
      stored instanceof Uint8Array
        ? Uint8Array.from(stored)
        : filledOutcomes(counts.entries, uniformOutcome(counts)),
  };
}

/** Numbers as JSON, and blobs behind them; their lengths are among the numbers. */
function checksum(columns: readonly unknown[]): number {
  const blobs = columns.filter((column) => column instanceof Uint8Array);
  const numbers = columns.map((column) =>
    column instanceof Uint8Array ? [column.length] : column,
  );
  return blobs.reduce((crc, blob) => crc32(blob, crc), crc32(JSON.stringify(numbers)));
}

function checkedColumns(row: unknown): readonly unknown[] {
  if (!Array.isArray(row)) throw new Error('a row of segments is not a list of columns');
  const columns: readonly unknown[] = row;
  if (checksum(columns.slice(0, -1)) !== columns.at(-1)) {
    throw new Error(`the row of segment ${String(columns[0])} fails its checksum`);
  }
  return columns;
}

type Counts = Pick<SegmentRecord, 'entries' | 'closed' | 'copied' | 'skipped' | 'failed'>;

/** What became of every entry alike; undefined where entries differ or are open. */
function uniformOutcome(segment: Counts): number | undefined {
  if (!segment.closed) return undefined;
  if (segment.copied === segment.entries) return ENTRY_COPIED;
  if (segment.skipped === segment.entries) return ENTRY_SKIPPED;
  return segment.failed === segment.entries ? ENTRY_FAILED : undefined;
}

/** Outcomes that all say the same; bits behind the last entry are zero. */
function filledOutcomes(entries: number, outcome: number | undefined): Uint8Array {
  if (outcome === undefined) throw new Error('a segment with mixed outcomes has none stored');
  const outcomes = new Uint8Array(Math.ceil(entries / ENTRIES_PER_BYTE));
  for (let entry = 0; entry < entries; entry += 1) {
    const at = Math.floor(entry / ENTRIES_PER_BYTE);
    outcomes[at] = (outcomes[at] ?? 0) | (outcome << ((entry % ENTRIES_PER_BYTE) * 2));
  }
  return outcomes;
}

/**
 * JSON lists without names, `[[index, code, status, origin, message, attempts], …]`, deflated:
 * failures of one segment are alike, and where all fail they would outgrow everything else.
 */
function packFailures(failures: readonly SegmentFailure[]): Uint8Array {
  const lists = failures.map((failure) => [
    failure.index,
    failure.code,
    failure.status ?? null,
    failure.origin ?? null,
    failure.message,
    failure.attempts,
  ]);
  return deflateRawSync(JSON.stringify(lists));
}

function unpackFailures(stored: unknown): readonly SegmentFailure[] {
  if (stored === null) return [];
  const lists: unknown =
    stored instanceof Uint8Array ? JSON.parse(inflateRawSync(stored).toString()) : undefined;
  if (!Array.isArray(lists)) throw new Error('stored failures are not a list');
  return lists.map(unpackFailure);
}

function unpackFailure(stored: unknown): SegmentFailure {
  if (!Array.isArray(stored)) throw new Error('a stored failure is not a list');
  const fields: readonly unknown[] = stored;
  const [index, code, status, origin, message, attempts] = fields;
  const known = FAILURE_CODES.find((name) => name === code);
  if (known === undefined) throw new Error(`a stored failure has the code ${String(code)}`);
  return {
    index: toNumber(index),
    code: known,
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof origin === 'string' ? { origin } : {}),
    message: String(message),
    attempts: toNumber(attempts),
  };
}

function toNumber(value: unknown): number {
  if (typeof value !== 'number') throw new Error(`a stored number is ${typeof value}`);
  return value;
}
