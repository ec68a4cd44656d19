import { open } from 'node:fs/promises';

import { errnoOf } from './file-failure.ts';

/** File systems without a sync of directories say one of these; there is nothing more to do. */
const NOT_OFFERED = ['EINVAL', 'ENOTSUP', 'EISDIR', 'ENOSYS'];

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!NOT_OFFERED.includes(errnoOf(error))) throw error;
  } finally {
    await handle.close();
  }
}

interface Rounds {
  running: Promise<void>;
  /** Begins when the running one ends; whoever comes until then shares it. */
  next: Promise<void> | undefined;
}

/**
 * Makes names in directories durable. A call is answered by a sync that began after the call:
 * while one runs, all callers wait together for the next, so many writers cost few syncs.
 */
export class DirectorySync {
  readonly #rounds = new Map<string, Rounds>();
  readonly #syncOnce: (path: string) => Promise<void>;

  constructor(syncOnce: (path: string) => Promise<void> = syncDirectory) {
    this.#syncOnce = syncOnce;
  }

  /** Resolves when every name put into the directory before the call is on disk. */
  async sync(path: string): Promise<void> {
    const rounds = this.#rounds.get(path);
    if (rounds === undefined) {
      await this.#begin(path);
      return;
    }
    rounds.next ??= rounds.running.then(
      () => this.#begin(path),
      () => this.#begin(path),
    );
    await rounds.next;
  }

  async #begin(path: string): Promise<void> {
    const running = this.#syncOnce(path);
    const rounds: Rounds = { running, next: undefined };
    this.#rounds.set(path, rounds);
    try {
      await running;
    } finally {
      // A waiting round replaces this one by itself.
      if (rounds.next === undefined) this.#rounds.delete(path);
    }
  }
}
