import type { FailureNote } from '../../model/serve-status.ts';

const MOST_NOTES = 20;
/** Messages are one line; what is longer than this is cut, in characters. */
const MOST_CHARACTERS = 500;

/** The failures of late; repeats of one failure of one key are one note. */
export class LastFailures {
  /** In the order of the last coming. */
  readonly #notes = new Map<string, FailureNote>();

  note(failure: Omit<FailureNote, 'times'>): void {
    const place = JSON.stringify([failure.code, failure.key]);
    const times = (this.#notes.get(place)?.times ?? 0) + 1;
    this.#notes.delete(place);
    const message = failure.message.slice(0, MOST_CHARACTERS).toWellFormed();
    this.#notes.set(place, { ...failure, message, times });
    const [oldest] = this.#notes.keys();
    if (this.#notes.size > MOST_NOTES && oldest !== undefined) this.#notes.delete(oldest);
  }

  /** Latest first. */
  list(): FailureNote[] {
    return [...this.#notes.values()].reverse();
  }
}
