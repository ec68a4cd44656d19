import {
  ENTRY_COPIED,
  ENTRY_FAILED,
  ENTRY_OPEN,
  ENTRY_SKIPPED,
  type SegmentFailure,
  type SegmentRecord,
} from '../model/checkpoint.ts';
import type { ObjectOutcome } from '../model/event.ts';

/** Two bits hold an entry's state, so a byte holds four. */
const BITS = 2;
const ENTRIES_A_BYTE = 8 / BITS;
const MASK = 0b11;

/** A segment as it was begun: where its entries stand, none of them settled. */
export type SegmentSpan = Pick<SegmentRecord, 'id' | 'start' | 'end' | 'prefixCrc' | 'entries'>;

/** A fresh record of a segment, every entry open. */
export function openSegment(span: SegmentSpan): SegmentRecord {
  return {
    ...span,
    outcomes: new Uint8Array(Math.ceil(span.entries / ENTRIES_A_BYTE)),
    failures: [],
    closed: span.entries === 0,
    copied: 0,
    skipped: 0,
    failed: 0,
  };
}

/** What became of the entry at `index`. */
export function entryState(outcomes: Uint8Array, index: number): number {
  const byte = outcomes[Math.floor(index / ENTRIES_A_BYTE)] ?? 0;
  return (byte >> ((index % ENTRIES_A_BYTE) * BITS)) & MASK;
}

/** The state of one segment while its entries are worked on; `record` is what the checkpoint keeps. */
export class SegmentTracker {
  readonly #span: SegmentSpan;
  readonly #outcomes: Uint8Array;
  readonly #failures: SegmentFailure[];
  #copied: number;
  #skipped: number;
  #failed: number;

  constructor(record: SegmentRecord) {
    const { id, start, end, prefixCrc, entries } = record;
    this.#span = { id, start, end, prefixCrc, entries };
    this.#outcomes = record.outcomes.slice();
    this.#failures = [...record.failures];
    this.#copied = record.copied;
    this.#skipped = record.skipped;
    this.#failed = record.failed;
  }

  get id(): number {
    return this.#span.id;
  }

  /** Whether the entry still has to be examined. */
  isOpen(index: number): boolean {
    return entryState(this.#outcomes, index) === ENTRY_OPEN;
  }

  get closed(): boolean {
    return this.#copied + this.#skipped + this.#failed === this.#span.entries;
  }

  /** Notes an entry's outcome. An entry is settled once; a second time is a bug of the engine. */
  settle(index: number, outcome: ObjectOutcome): void {
    if (!this.isOpen(index)) {
      throw new Error(`segment ${this.#span.id}: entry ${index} was settled twice`);
    }
    switch (outcome.outcome) {
      case 'copied':
        this.#copied += 1;
        this.#mark(index, ENTRY_COPIED);
        return;
      case 'skipped':
      case 'planned':
      case 'deleted':
        this.#skipped += 1;
        this.#mark(index, ENTRY_SKIPPED);
        return;
      case 'failed': {
        this.#failed += 1;
        this.#mark(index, ENTRY_FAILED);
        const { code, status, origin, message, attempts } = outcome;
        this.#failures.push({ index, code, status, origin, message, attempts });
        return;
      }
    }
  }

  /** A copy of the state as it is now. */
  record(): SegmentRecord {
    return {
      ...this.#span,
      outcomes: this.#outcomes.slice(),
      failures: [...this.#failures],
      closed: this.closed,
      copied: this.#copied,
      skipped: this.#skipped,
      failed: this.#failed,
    };
  }

  #mark(index: number, state: number): void {
    const at = Math.floor(index / ENTRIES_A_BYTE);
    this.#outcomes[at] = (this.#outcomes[at] ?? 0) | (state << ((index % ENTRIES_A_BYTE) * BITS));
  }
}
