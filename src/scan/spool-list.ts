import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';

import type { EntrySource } from '../model/entry.ts';
import { FatalError } from '../model/failure.ts';
import type { Clock } from '../model/ports.ts';
import { gunzipBytes, isGzip } from './gunzip-bytes.ts';
import { isGcsHead } from './keys-format.ts';
import type { ListBytes } from './list-bytes.ts';
import { listSource, type ResolveFormat } from './list-source.ts';
import { CHUNK_BYTES, readChunk } from './read-chunks.ts';
import {
  isFirstLine,
  type Note,
  readFormat,
  readHead,
  type SingleFileFormat,
} from './read-format.ts';

/** How long a writer must be silent before a batch goes out that is not full. */
export const STALL_MS = 100;

const NAME = 'key list on stdin';
const NOTHING = new Uint8Array(0);

export interface SpooledListOptions {
  /** The list as it comes, plain or gzip. */
  readonly input: Readable;
  /** Where its decompressed bytes are kept, so that they can be read again. */
  readonly spoolPath: string;
  /** Absent: plain, or told by the first line. */
  readonly format?: SingleFileFormat | undefined;
  /** Told of what is passed over. */
  readonly note?: Note | undefined;
  readonly clock: Clock;
  /** Ends the spooling. */
  readonly signal: AbortSignal;
}

async function* inputBytes(input: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of input) {
      if (chunk instanceof Uint8Array) yield chunk;
      else if (typeof chunk === 'string') yield Buffer.from(chunk, 'utf8');
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FatalError('usage', `${NAME} could not be read: ${why}`, error);
  }
}

async function* startingWith(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/** The input's bytes, unpacked where it begins as gzip does. */
async function* unpacked(input: Readable): AsyncGenerator<Uint8Array> {
  const chunks = inputBytes(input);
  let head: Uint8Array = NOTHING;
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  const whole = startingWith(head, chunks);
  yield* isGzip(head) ? gunzipBytes(NAME, whole) : whole;
}

const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));

function differs(at: number): FatalError {
  return new FatalError(
    'job-differs',
    `${NAME} differs at byte ${at} from the list of the interrupted job; give the same list (more may follow at its end), or set that job aside with --new-job`,
  );
}

/**
 * A list that comes only once, kept in a file while it comes. `#available` bytes of the file are
 * known to be the input's: written now, or found there from an interrupted run and compared.
 * Readers see no byte beyond, and wait there until more comes, the input ends, or it fails.
 */
class Spool implements ListBytes {
  readonly #handle: FileHandle;
  readonly #clock: Clock;
  readonly #input: Readable;
  /** Bytes that an earlier run left. */
  readonly #found: number;
  #available = 0;
  #ended = false;
  #failure: Error | undefined;
  readonly #waiters = new Set<() => void>();
  #filling: Promise<void> = Promise.resolve();

  constructor(handle: FileHandle, found: number, options: SpooledListOptions) {
    this.#handle = handle;
    this.#found = found;
    this.#clock = options.clock;
    this.#input = options.input;
  }

  /** Starts taking the input; what goes wrong is told to the readers. */
  start(signal: AbortSignal): void {
    const stop = (): void => {
      this.#input.destroy();
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    this.#filling = this.#fill()
      .catch((error: unknown) => {
        this.#failure = asError(signal.aborted ? signal.reason : error);
      })
      .finally(() => {
        signal.removeEventListener('abort', stop);
        this.#ended = true;
        this.#wake();
      });
  }

  async *read(from: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let at = from;
    let toldStall = false;
    for (;;) {
      signal.throwIfAborted();
      if (at < this.#available) {
        const chunk = await this.#readAt(at, this.#available - at);
        at += chunk.length;
        toldStall = false;
        yield chunk;
      } else if (this.#ended) {
        if (this.#failure !== undefined) throw this.#failure;
        return;
      } else if (toldStall) {
        await this.#change(signal);
      } else if (await this.#stalls(signal)) {
        toldStall = true;
        yield NOTHING;
      }
    }
  }

  async close(): Promise<void> {
    this.#input.destroy();
    await this.#filling;
    await this.#handle.close();
  }

  async #fill(): Promise<void> {
    for await (const chunk of unpacked(this.#input)) {
      const compared = await this.#compare(chunk.subarray(0, this.#found - this.#available));
      await this.#append(chunk.subarray(compared));
    }
    if (this.#available < this.#found) throw differs(this.#available);
  }

  /** Compares bytes with those that were found; gives how many there were to compare. */
  async #compare(bytes: Uint8Array): Promise<number> {
    if (this.#available >= this.#found) return 0;
    for (let done = 0; done < bytes.length;) {
      const known = await this.#readAt(this.#available, bytes.length - done);
      const isSame = Buffer.compare(known, bytes.subarray(done, done + known.length)) === 0;
      if (!isSame) throw differs(this.#available);
      done += known.length;
      this.#available += known.length;
      this.#wake();
    }
    return bytes.length;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const length = bytes.length - done;
      try {
        const written = await this.#handle.write(bytes, done, length, this.#available);
        done += written.bytesWritten;
        this.#available += written.bytesWritten;
      } catch (error) {
        throw this.#unusable('written', error);
      }
    }
    this.#wake();
  }

  async #readAt(position: number, length: number): Promise<Uint8Array> {
    let cause: unknown;
    try {
      const chunk = await readChunk(this.#handle, position, Math.min(length, CHUNK_BYTES));
      if (chunk.length > 0) return chunk;
    } catch (error) {
      cause = error;
    }
    throw this.#unusable('read', cause ?? new Error('it was cut meanwhile'));
  }

  #unusable(verb: 'written' | 'read', cause: unknown): FatalError {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `the copy of the ${NAME} in the job's folder could not be ${verb}: ${why}; free space there, or use another --state`;
    return new FatalError('state-unusable', message, cause);
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  /** Resolves when more is available, the input ends, or the signal aborts. */
  async #change(signal: AbortSignal): Promise<void> {
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

  /** Whether nothing comes for {@link STALL_MS}. */
  async #stalls(signal: AbortSignal): Promise<boolean> {
    const stop = new AbortController();
    const moved = this.#change(signal).then(() => {
      stop.abort();
      return false;
    });
    const slept = this.#clock.sleep(STALL_MS, stop.signal).then(
      () => true,
      () => false,
    );
    return Promise.race([moved, slept]);
  }
}

/** A header that is none is found out at once; nothing else is worth waiting for. */
async function formatOf(options: SpooledListOptions, spool: Spool): Promise<ResolveFormat> {
  const { format, note = () => undefined } = options;
  if (format === undefined) {
    return async (signal) => {
      const isGcs = isGcsHead(await readHead(spool, isFirstLine, signal));
      return readFormat(NAME, isGcs ? 'gcs-tsv' : 'plain', spool, note, signal);
    };
  }
  const read = await readFormat(NAME, format, spool, note, options.signal);
  return () => Promise.resolve(read);
}

/**
 * Opens a list that comes over a pipe. Its decompressed bytes go to the spool while entries are
 * read from there already. A spool that is there belongs to an interrupted run: the input must
 * begin with exactly its bytes, and entries are given out only as far as it was seen to. Where the
 * format has a header, that is waited for.
 *
 * `batches`, `reread` and `startsWith` wait for input where they need it, and throw FatalError
 * `job-differs` where the input differs from the spool, `usage` where it can't be read,
 * `state-unusable` where the spool can't be.
 * @throws FatalError `state-unusable` where the spool can't be opened, `usage` where the header is
 * none; the signal's reason.
 */
export async function openSpooledList(options: SpooledListOptions): Promise<EntrySource> {
  const { spoolPath, signal } = options;
  let handle: FileHandle;
  let found: number;
  try {
    handle = await open(spoolPath, constants.O_RDWR | constants.O_CREAT);
    found = (await handle.stat()).size;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `the spool ${spoolPath} of the ${NAME} can't be opened: ${why}; use another --state`;
    throw new FatalError('state-unusable', message, error);
  }
  const spool = new Spool(handle, found, options);
  spool.start(signal);
  try {
    return listSource(NAME, spool, await formatOf(options, spool));
  } catch (error) {
    await spool.close();
    throw error;
  }
}
