import fs from 'node:fs';
import { join } from 'node:path';
import { FatalError } from '../model/failure.ts';
import type { LogPlace } from './job-row.ts';
import { packMember } from './result-member.ts';
import { fileFailure } from './state-failure.ts';

/** A file that has grown so far is followed by the next; so old ones can be removed one by one. */
const ROTATE_BYTES = 64 * 1024 * 1024;

/** How the log writes; what refuses here stands for a disk that does. */
export interface LogDisk {
  readonly writeSync: (fd: number, bytes: Uint8Array, from: number, position: number) => number;
  readonly fdatasyncSync: (fd: number) => void;
}

const REAL_DISK: LogDisk = {
  writeSync: (fd, bytes, from, position) =>
    fs.writeSync(fd, bytes, from, bytes.length - from, position),
  fdatasyncSync: fs.fdatasyncSync,
};

/** The folder of a generation. */
function resultsFolder(root: string, generation: number): string {
  return join(root, digits(generation));
}

function resultsFile(root: string, { generation, file }: LogPlace): string {
  return join(resultsFolder(root, generation), `${digits(file)}.jsonl.gz`);
}

/** Numbers in file names, so that names sort as their numbers do. */
const NAME_DIGITS = 8;
function digits(number: number): string {
  return String(number).padStart(NAME_DIGITS, '0');
}

/**
 * The results log of a job: `<root>/<generation>/<file>.jsonl.gz`, one gzip member a batch.
 *
 * The checkpoint says how far the log counts ({@link LogPlace}); it is asked to note the place that
 * `append` returns in the very transaction that the lines belong to. What stands behind the noted
 * place was told by a process that died, or failed, before its checkpoint was written: `open` cuts
 * it off, and the next lines overwrite it. Its entries are examined and told again.
 */
export class ResultsLog {
  readonly #root: string;
  readonly #disk: LogDisk;
  readonly #rotateBytes: number;
  #opened: { readonly path: string; readonly fd: number } | undefined;

  constructor(root: string, disk: LogDisk = REAL_DISK, rotateBytes = ROTATE_BYTES) {
    this.#root = root;
    this.#disk = disk;
    this.#rotateBytes = rotateBytes;
  }

  /**
   * Brings the files in step with the checkpoint. A file that was removed is only that; one that
   * lost lines is told.
   * @returns where the log goes on.
   * @throws FatalError `state-unusable`.
   */
  recover(place: LogPlace): LogPlace {
    return this.#told(() => {
      this.#prune(place);
      if (place.generation === 0) return place;
      const path = resultsFile(this.#root, place);
      const size = fs.statSync(path, { throwIfNoEntry: false })?.size;
      if (size === undefined) return place.bytes === 0 ? place : nextFile(place);
      if (size < place.bytes) {
        throw new FatalError(
          'state-unusable',
          `the results file ${path} has ${size} bytes where the state counts ${place.bytes}, so it was damaged or changed: delete it to go on without its lines, or run with --new-job, which sets the state aside and starts afresh`,
        );
      }
      if (size > place.bytes) fs.truncateSync(path, place.bytes);
      return place;
    });
  }

  /** Makes room for a generation and removes those that are no longer kept. */
  begin(place: LogPlace): void {
    this.#told(() => {
      this.close();
      this.#prune(place);
    });
  }

  /**
   * Writes lines behind `place`; on disk when it returns.
   * @returns the place behind them, which counts once the checkpoint has noted it.
   * @throws FatalError `state-unusable`.
   */
  append(place: LogPlace, lines: string): LogPlace {
    const at = place.bytes < this.#rotateBytes ? place : nextFile(place);
    const path = resultsFile(this.#root, at);
    return this.#told(() => {
      const fd = this.#descriptor(path);
      const member = packMember(lines);
      for (let from = 0; from < member.length;) {
        from += this.#disk.writeSync(fd, member, from, at.bytes + from);
      }
      this.#disk.fdatasyncSync(fd);
      return { ...at, bytes: at.bytes + member.length };
    });
  }

  close(): void {
    if (this.#opened !== undefined) fs.closeSync(this.#opened.fd);
    this.#opened = undefined;
  }

  #descriptor(path: string): number {
    if (this.#opened?.path === path) return this.#opened.fd;
    this.close();
    const isNew = !fs.existsSync(path);
    const fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_CREAT);
    this.#opened = { path, fd };
    if (isNew) syncFolder(join(path, '..'));
    return fd;
  }

  #prune({ generation, kept, file }: LogPlace): void {
    if (generation === 0) return;
    const folder = resultsFolder(this.#root, generation);
    fs.mkdirSync(folder, { recursive: true });
    for (const name of fs.readdirSync(this.#root)) {
      const isKept = name === digits(generation) || name === digits(kept);
      const isOurs = /^\d{8}$/.test(name);
      if (isOurs && !isKept) fs.rmSync(join(this.#root, name), { recursive: true, force: true });
    }
    for (const name of fs.readdirSync(folder)) {
      // A file behind the one that counts was begun by a process that died before it counted.
      if (Number.parseInt(name, 10) > file) fs.rmSync(join(folder, name), { force: true });
    }
    syncFolder(this.#root);
    syncFolder(join(this.#root, '..'));
  }

  #told<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw fileFailure(error, this.#root) ?? error;
    }
  }
}

function nextFile(place: LogPlace): LogPlace {
  return { ...place, file: place.file + 1, bytes: 0 };
}

function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
