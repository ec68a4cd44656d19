import type { ObjectOutcome, Tally } from '../model/event.ts';

/** What a run has done so far. Every settled entry counts once. */
export class Tallies {
  #copied = 0;
  #skipped = 0;
  #failed = 0;
  #planned = 0;
  #deleted = 0;
  #bytes = 0;
  #bugs = 0;
  /** Requests for bodies. */
  originRequests = 0;

  settle(outcome: ObjectOutcome): void {
    switch (outcome.outcome) {
      case 'copied':
        this.#copied += 1;
        this.#bytes += outcome.bytes;
        return;
      case 'skipped':
        this.#skipped += 1;
        return;
      case 'planned':
        if (outcome.change !== 'delete') this.#planned += 1;
        return;
      case 'deleted':
        this.#deleted += 1;
        return;
      case 'failed':
        this.#failed += 1;
        if (outcome.code === 'INTERNAL') this.#bugs += 1;
        return;
    }
  }

  get counts(): Tally & { readonly planned: number } {
    const listed = this.#copied + this.#skipped + this.#failed + this.#planned;
    return {
      listed,
      copied: this.#copied,
      skipped: this.#skipped,
      failed: this.#failed,
      planned: this.#planned,
    };
  }

  /** Objects that the origin lists no more; they are not among those listed. */
  get deleted(): number {
    return this.#deleted;
  }

  /** Bytes stored. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Failures that are this program's own fault. */
  get bugs(): number {
    return this.#bugs;
  }
}
