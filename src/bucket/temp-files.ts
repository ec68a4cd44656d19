import { lstat, open, readdir, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import type { Clock } from '../model/ports.ts';
import { descriptionPath, removeDescription } from './file-description.ts';
import { errnoOf, isAbsence } from './file-failure.ts';
import type { FileTree } from './file-tree.ts';
import { OWN_FOLDER } from './key-path.ts';

/** Where files are written before they are put in place, below the bucket's directory. */
export const TEMP_FOLDER = `${OWN_FOLDER}/tmp`;

/** Who writes into the bucket: temp files bear it, and those of the dead are swept. */
export interface BucketOwner {
  readonly host: string;
  readonly pid: number;
  /** Whether a process of this host runs. */
  readonly isAlive: (pid: number) => boolean;
}

/** pid, nonce, sequence, hash of the key, host; the host is last since it may hold dots. */
const TEMP_NAME = /^(\d+)\.[0-9a-z]+\.\d+\.([0-9a-f]{32})\.(.+)$/;

/** Enough for any host name, and far from what names may be long. */
const MAX_HOST_CHARACTERS = 100;

const nameOfHost = (host: string): string =>
  host.replaceAll(/[^A-Za-z0-9.-]/g, '_').slice(0, MAX_HOST_CHARACTERS) || '_';

/** A file being written. */
export interface TempFile {
  /** Below the bucket's directory. */
  readonly path: string;
  readonly handle: FileHandle;
}

/** Makes and sweeps temp files. */
export class TempFiles {
  readonly #tree: FileTree;
  readonly #owner: BucketOwner;
  /** Tells processes apart that have one host name and one pid, as containers may. */
  readonly #nonce: string;
  #sequence = 0;

  constructor(tree: FileTree, owner: BucketOwner, clock: Clock) {
    this.#tree = tree;
    this.#owner = owner;
    this.#nonce = Math.floor(clock.random() * 2 ** 48).toString(36);
  }

  /** Opens a new empty file. @param hashOfKey as `keyHash` gives it. */
  async create(hashOfKey: string): Promise<TempFile> {
    for (;;) {
      this.#sequence += 1;
      const { host, pid } = this.#owner;
      const name = `${pid}.${this.#nonce}.${this.#sequence}.${hashOfKey}.${nameOfHost(host)}`;
      const path = `${TEMP_FOLDER}/${name}`;
      try {
        return { path, handle: await open(this.#tree.directories.absolute(path), 'wx') };
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error;
      }
    }
  }

  /** Removes what dead processes of this host left, with the descriptions of what never came. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#tree.directories.absolute(TEMP_FOLDER))) {
      const match = TEMP_NAME.exec(name);
      const [, pid, hashOfKey, host] = match ?? [];
      if (pid === undefined || hashOfKey === undefined) continue;
      if (host !== nameOfHost(this.#owner.host)) continue;
      if (this.#owner.isAlive(Number(pid))) continue;
      await this.#sweepOne(`${TEMP_FOLDER}/${name}`, hashOfKey);
    }
  }

  async #sweepOne(path: string, hashOfKey: string): Promise<void> {
    const absolute = this.#tree.directories.absolute(path);
    try {
      const stats = await lstat(absolute, { bigint: true });
      // A second link is the object itself: put in place before the process died.
      if (stats.nlink === 1n)
        await removeDescription(this.#tree, descriptionPath(hashOfKey, stats));
      await unlink(absolute);
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
  }
}
