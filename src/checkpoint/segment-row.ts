import { FAILURE_CODES } from '../model/failure.ts';
import {
  ENTRY_COPIED,
  ENTRY_FAILED,
  ENTRY_SKIPPED,
  type SegmentFailure,
  type SegmentRecord,
} from '../model/checkpoint.ts';

/** A segment's columns in the order of the table. */
export type SegmentRow = [
  id: number,
  start: number,
  end: number,
  prefixCrc: number,
  entries: number,
  outcomes: Uint8Array | null,
  failures: string | null,
  closed: number,
  copied: number,
  skipped: number,
  failed: number,
];

/** Entries that one byte of outcomes holds, two bits each. */
const ENTRIES_PER_BYTE = 4;

/** The row of a segment: outcomes that all say the same are left out, and so are no failures. */
export function toSegmentRow(segment: SegmentRecord): SegmentRow {
  const { id, start, end, prefixCrc, entries, copied, skipped, failed } = segment;
  return [
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
  ];
}

/**
 * The segment that a row was made of.
 * @throws Error where the row can't have been written by {@link toSegmentRow}.
 */
export function fromSegmentRow(row: unknown): SegmentRecord {
  if (!Array.isArray(row)) throw new Error('a row of segments is not a list of columns');
  const columns: readonly unknown[] = row;
  const number = (column: number) => toNumber(columns[column]);
  const segment = {
    id: number(0),
    start: number(1),
    end: number(2),
    prefixCrc: number(3),
    entries: number(4),
    failures: unpackFailures(columns[6]),
    closed: number(7) === 1,
    copied: number(8),
    skipped: number(9),
    failed: number(10),
  };
  const stored = columns[5];
  return {
    ...segment,
    outcomes:
      stored instanceof Uint8Array
        ? Uint8Array.from(stored)
        : filledOutcomes(segment.entries, uniformOutcome(segment)),
  };
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

/** JSON lists without names: `[[index, code, status, origin, message, attempts], …]`. */
function packFailures(failures: readonly SegmentFailure[]): string {
  return JSON.stringify(
    failures.map((failure) => [
      failure.index,
      failure.code,
      failure.status ?? null,
      failure.origin ?? null,
      failure.message,
      failure.attempts,
    ]),
  );
}

function unpackFailures(stored: unknown): readonly SegmentFailure[] {
  if (stored === null) return [];
  const lists: unknown = typeof stored === 'string' ? JSON.parse(stored) : undefined;
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
