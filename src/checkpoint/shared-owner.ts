import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { exclusiveLock } from './exclusive-lock.ts';
import { SHARED_SCHEMA } from './shared-schema.ts';

/**
 * One who works with a shared store: a lock file under a name that never comes again, held as long
 * as the store is open.
 *
 * Whether another one lives is asked of the kernel, by trying its lock. So the end of a process ends
 * what it owned in that moment and never before: there is no clock that could be set, and no
 * heartbeat that a stopped or starved process could miss while it still works. The locks hold on one
 * machine, as the store itself does; network file systems are refused.
 */
export class SharedOwner {
  readonly name: string;
  readonly #directory: string;
  readonly #unlock: () => void;

  private constructor(directory: string, name: string, unlock: () => void) {
    this.#directory = directory;
    this.name = name;
    this.#unlock = unlock;
  }

  /**
   * Becomes an owner, and clears away the files of dead ones. The caller sees to it that nobody else
   * does so at the same time: one that is just being made is not locked yet.
   * @param directory of the lock files, which exists
   */
  static take(directory: string): SharedOwner {
    const name = randomUUID();
    const unlock = exclusiveLock(join(directory, name), 0, SHARED_SCHEMA.advice);
    if (unlock === undefined) throw new Error(`the new lock ${name} is held by somebody`);
    const owner = new SharedOwner(directory, name, unlock);
    for (const other of readdirSync(directory)) owner.isAlive(other);
    return owner;
  }

  /** Whether the owner of that name is at work; once it is not, it never is again. */
  isAlive(name: string): boolean {
    if (name === this.name) return true;
    const file = join(this.#directory, name);
    if (!existsSync(file)) return false;
    const unlock = exclusiveLock(file, 0, SHARED_SCHEMA.advice);
    if (unlock === undefined) return true;
    discard(file);
    unlock();
    return false;
  }

  /** Ends what it owns. */
  release(): void {
    discard(join(this.#directory, this.name));
    this.#unlock();
  }
}

function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Only tidiness: a file that nobody holds says the same as none.
  }
}
