import { setImmediate } from 'node:timers/promises';

import type { Clock } from '../model/ports.ts';

/** How long everybody else waits at most, beside one look that takes longer by itself. */
const SPELL_MS = 5;

/**
 * Fewer looks than these in a full spell, and threads are faster: a look through them costs some
 * 100 microseconds of work, but four wait for the disk at once.
 */
const FEW_LOOKS = 40;

/** Looks that go through threads after slow spells, before this thread is tried again. */
const LOOKS_THROUGH_THREADS = 512;

/** Looks through threads side by side. */
const SIDE_BY_SIDE = 16;

/** Two ways to look at something, with the same outcome. */
interface Look<T, R> {
  /** In this thread. */
  readonly now: (item: T) => R;
  /** Through the threads of the system, at about ten times the work. */
  readonly later: (item: T) => Promise<R>;
}

/**
 * Looks at many files of one file system. Where that answers from memory, looking in this thread is
 * by far the cheapest, so that is done in short spells, between which others have their turn. Where
 * two spells show that it does not (a cold disk, a network), the next looks go through threads.
 */
export class SpelledLooks {
  readonly #clock: Pick<Clock, 'now'>;
  #slowSpells = 0;
  #throughThreads = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** @returns what was seen of each item, in their order */
  async each<T, R>(items: readonly T[], look: Look<T, R>): Promise<R[]> {
    const seen: R[] = [];
    while (seen.length < items.length) {
      if (this.#throughThreads > 0) await this.#later(items, look, seen);
      else {
        this.#spell(items, look, seen);
        await setImmediate();
      }
    }
    return seen;
  }

  async #later<T, R>(items: readonly T[], { later }: Look<T, R>, seen: R[]): Promise<void> {
    const some = items.slice(seen.length, seen.length + SIDE_BY_SIDE);
    seen.push(...(await Promise.all(some.map(later))));
    this.#throughThreads -= some.length;
  }

  #spell<T, R>(items: readonly T[], { now }: Look<T, R>, seen: R[]): void {
    const until = this.#clock.now() + SPELL_MS;
    let looks = 0;
    for (const item of items.slice(seen.length)) {
      seen.push(now(item));
      looks += 1;
      if (this.#clock.now() >= until) break;
    }
    const isSlow = looks < FEW_LOOKS && this.#clock.now() >= until;
    this.#slowSpells = isSlow ? this.#slowSpells + 1 : 0;
    // One alone may be this thread's own delay.
    if (this.#slowSpells > 1) this.#throughThreads = LOOKS_THROUGH_THREADS;
  }
}
