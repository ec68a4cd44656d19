import { type FileHandle, open } from 'node:fs/promises';
import type { EntrySource } from '../model/entry.ts';
import { FatalError } from '../model/failure.ts';
import { JSON_LINES_FORMAT } from './json-lines-format.ts';
import type { ListBytes } from './list-bytes.ts';
import type { ListFormat } from './list-format.ts';
import { listSource } from './list-source.ts';
import { CHUNK_BYTES, readChunk } from './read-chunks.ts';

/** A manifest as a source of entries, while the scan that writes it goes on. */
export interface GrowingManifest {
  /** Gives out what was saved, and waits there for more until the manifest ends. */
  readonly entries: EntrySource;
  /** The manifest's first `bytes`, which are whole lines, were saved: they will never change. */
  readonly grow: (bytes: number) => void;
  /** Nothing more comes. @param failure what readers are told, where the scan is not whole */
  readonly end: (failure?: Error) => void;
  readonly close: () => Promise<void>;
}

const NAME = "the scan's manifest";
const NOTHING = new Uint8Array(0);

/**
 * Whoever looked at the listing saw the object as it was then; it is copied as it is when its turn
 * comes, so what the listing told of it is no declaration.
 */
const KEYS_ONLY: ListFormat = {
  ...JSON_LINES_FORMAT,
  entry: (record, at) => {
    const entry = JSON_LINES_FORMAT.entry(record, at);
    return entry === undefined || 'invalid' in entry ? entry : { key: entry.key };
  },
};

/**
 * The bytes of a manifest up to where it was saved last. What is behind is cut off when the scan
 * resumes after a crash, so no reader ever sees it.
 */
class SavedBytes implements ListBytes {
  readonly #handle: FileHandle;
  readonly #waiters = new Set<() => void>();
  #saved: number;
  #isEnded = false;
  #failure: Error | undefined;

  constructor(handle: FileHandle, saved: number) {
    this.#handle = handle;
    this.#saved = saved;
  }

  get saved(): number {
    return this.#saved;
  }

  grow(bytes: number): void {
    this.#saved = Math.max(this.#saved, bytes);
    this.#wake();
  }

  end(failure: Error | undefined): void {
    this.#isEnded = true;
    this.#failure ??= failure;
    this.#wake();
  }

  async *read(from: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let at = from;
    for (;;) {
      signal.throwIfAborted();
      if (at < this.#saved) {
        const chunk = await this.#readAt(at);
        at += chunk.length;
        yield chunk;
      } else if (this.#isEnded) {
        if (this.#failure !== undefined) throw this.#failure;
        return;
      } else {
        // Saves are a second apart: what came with the last one need not wait for the next.
        yield NOTHING;
        if (!this.#hasNews(at, signal)) await this.#news(signal);
      }
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #readAt(at: number): Promise<Uint8Array> {
    let why = 'it was cut meanwhile';
    let cause: unknown;
    try {
      const chunk = await readChunk(this.#handle, at, Math.min(this.#saved - at, CHUNK_BYTES));
      if (chunk.length > 0) return chunk;
    } catch (error) {
      cause = error;
      why = error instanceof Error ? error.message : String(error);
    }
    const message = `${NAME} in the job's folder could not be read: ${why}; run again, or use another --state`;
    throw new FatalError('state-unusable', message, cause);
  }

  #hasNews(at: number, signal: AbortSignal): boolean {
    return at < this.#saved || this.#isEnded || signal.aborted;
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
  }

  /** Resolves when more was saved, the manifest ends, or the signal aborts. */
  async #news(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#waiters.delete(wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

/**
 * Opens the manifest of a scan that is about to go on.
 * @param savedBytes so much of it was saved by earlier runs
 * @throws FatalError `state-unusable`.
 */
export async function openGrowingManifest(
  path: string,
  savedBytes: number,
): Promise<GrowingManifest> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `${NAME} ${path} can't be opened: ${why}; use another --state`;
    throw new FatalError('state-unusable', message, error);
  }
  const bytes = new SavedBytes(handle, savedBytes);
  const source = listSource(NAME, bytes, () => Promise.resolve(KEYS_ONLY));
  const entries: EntrySource = {
    name: source.name,
    batches: (from, signal) => source.batches(from, signal),
    reread: (start, end, signal) => source.reread(start, end, signal),
    // A manifest that lost what was given out of it would be waited for in vain.
    startsWith: async (position, signal) =>
      position.end <= bytes.saved && (await source.startsWith(position, signal)),
    close: () => source.close(),
  };
  return {
    entries,
    grow: (saved) => {
      bytes.grow(saved);
    },
    end: (failure) => {
      bytes.end(failure);
    },
    close: () => source.close(),
  };
}
