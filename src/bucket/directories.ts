import { lstat, mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '../model/ports.ts';
import { DirectorySync } from './directory-sync.ts';
import { errnoOf, isAbsence, isBadName } from './file-failure.ts';
import { HeldFolders } from './held-folders.ts';

/** How long a folder that was seen to be a real one is believed to be one still. */
const VERIFIED_FOR_MS = 1_000;

/** Folders remembered at most; beyond it everything is looked at afresh. */
const MAX_REMEMBERED = 20_000;

/** `blocked`: something else stands there, a symbolic link included. */
export type DirectoryState = 'real' | 'absent' | 'blocked';

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/**
 * The folders below one root, by paths relative to it (`''` is the root). A symbolic link is never
 * taken for a folder, so that no path leads outside.
 */
export class Directories {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #sync: DirectorySync;
  /** Folder to the time until which it counts as verified. */
  readonly #verifiedUntil = new Map<string, number>();
  /** Folders whose own name is known to be on disk. */
  readonly #durable = new Set<string>();
  readonly #making = new Map<string, Promise<DirectoryState>>();
  readonly #folders = new HeldFolders();

  constructor(root: string, clock: Clock, sync = new DirectorySync()) {
    this.#root = root;
    this.#clock = clock;
    this.#sync = sync;
  }

  absolute(path: string): string {
    return path === '' ? this.#root : join(this.#root, path);
  }

  /** What stands at `path`, every folder on the way looked at too. */
  async state(path: string): Promise<DirectoryState> {
    if (path === '' || this.#isVerified(path)) return 'real';
    const parent = await this.state(parentOf(path));
    return parent === 'real' ? this.#look(path) : parent;
  }

  /** Makes the folder, and those on its way, durably; `blocked` where that can't be. */
  async ensure(path: string): Promise<'real' | 'blocked'> {
    if (path === '' || (this.#durable.has(path) && this.#isVerified(path))) return 'real';
    let making = this.#making.get(path);
    if (making === undefined) {
      making = this.#make(path).finally(() => this.#making.delete(path));
      this.#making.set(path, making);
    }
    return (await making) === 'real' ? 'real' : 'blocked';
  }

  /** Runs `work`, which puts a name into the folder, while `removeEmpty` leaves that alone. */
  async holding<T>(path: string, work: () => Promise<T>): Promise<T> {
    return this.#folders.holding(path, work);
  }

  /**
   * Removes the folder, and then those on its way, as long as they are empty and nobody is about to
   * put anything into them. Never throws: what can't be removed stays.
   * @param top stays, as does the root.
   */
  async removeEmpty(path: string, top: string): Promise<void> {
    for (let folder = path; folder !== top && folder !== ''; folder = parentOf(folder)) {
      if (!(await this.#folders.removing(folder, () => this.#removeOne(folder)))) return;
    }
  }

  /** Makes the names in a folder durable. */
  async sync(path: string): Promise<void> {
    await this.#sync.sync(this.absolute(path));
  }

  /** Drops what is remembered; for when a folder turned out to be gone. */
  forget(): void {
    this.#verifiedUntil.clear();
    this.#durable.clear();
  }

  async #removeOne(path: string): Promise<boolean> {
    try {
      if ((await this.state(path)) !== 'real') return false;
      await rmdir(this.absolute(path));
    } catch {
      return false;
    }
    // One that is made anew has to be made durable anew.
    this.#verifiedUntil.delete(path);
    this.#durable.delete(path);
    return true;
  }

  async #make(path: string): Promise<DirectoryState> {
    const parent = parentOf(path);
    if ((await this.ensure(parent)) === 'blocked') return 'blocked';
    try {
      await mkdir(this.absolute(path));
    } catch (error) {
      if (isBadName(error) || errnoOf(error) === 'ENOTDIR') return 'blocked';
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    const state = await this.#look(path);
    if (state === 'real' && !this.#durable.has(path)) {
      // Also where another process made it: nobody knows whether that one has synced it yet.
      await this.sync(parent);
      if (this.#durable.size >= MAX_REMEMBERED) this.#durable.clear();
      this.#durable.add(path);
    }
    return state;
  }

  async #look(path: string): Promise<DirectoryState> {
    try {
      const stats = await lstat(this.absolute(path));
      if (!stats.isDirectory()) return 'blocked';
    } catch (error) {
      if (isAbsence(error)) return 'absent';
      if (isBadName(error)) return 'blocked';
      throw error;
    }
    if (this.#verifiedUntil.size >= MAX_REMEMBERED) this.#verifiedUntil.clear();
    this.#verifiedUntil.set(path, this.#clock.now() + VERIFIED_FOR_MS);
    return 'real';
  }

  #isVerified(path: string): boolean {
    const until = this.#verifiedUntil.get(path);
    if (until === undefined) return false;
    const ahead = until - this.#clock.now();
    // A clock that was set back must not make an old look last.
    return ahead > 0 && ahead <= VERIFIED_FOR_MS;
  }
}
