import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { FatalError } from '../../model/failure.ts';

const CHUNK_BYTES = 256 * 1024;

/** Copies a manifest to a stream while it grows, as far as it is known never to change again. */
export class ManifestTail {
  readonly #path: string;
  readonly #output: Writable;
  readonly #onClosed: () => void;
  #handle: FileHandle | undefined;
  #targetBytes = 0;
  #doneBytes = 0;
  #copying: Promise<void> | undefined;
  #closed: FatalError | undefined;
  #failure: Error | undefined;

  /** @param onClosed called once when whoever reads the output goes away */
  constructor(path: string, output: Writable, onClosed: () => void) {
    this.#path = path;
    this.#output = output;
    this.#onClosed = onClosed;
    output.on('error', this.#close);
  }

  /** The manifest's first `bytes` are there to stay. */
  follow(bytes: number): void {
    this.#targetBytes = bytes;
    this.#copying ??= this.#copy()
      .catch((error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        this.#copying = undefined;
      });
  }

  /** Resolves when the reader has taken everything. @throws FatalError `output-closed`. */
  async finish(): Promise<void> {
    // A follower that came while a copy was about to end found nobody to copy for it.
    do {
      if (this.#doneBytes < this.#targetBytes) this.follow(this.#targetBytes);
      await this.#copying;
    } while (this.#doneBytes < this.#targetBytes && !this.#isBroken);
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#failure !== undefined) throw this.#failure;
  }

  get #isBroken(): boolean {
    return this.#closed !== undefined || this.#failure !== undefined;
  }

  async close(): Promise<void> {
    this.#output.off('error', this.#close);
    await this.#copying;
    await this.#handle?.close();
  }

  readonly #close = (cause: Error): void => {
    if (this.#closed !== undefined) return;
    this.#closed = new FatalError('output-closed', `stdout was closed: ${cause.message}`, cause);
    this.#onClosed();
  };

  async #copy(): Promise<void> {
    this.#handle ??= await open(this.#path, 'r');
    while (this.#doneBytes < this.#targetBytes && this.#closed === undefined) {
      const length = Math.min(CHUNK_BYTES, this.#targetBytes - this.#doneBytes);
      const { bytesRead, buffer } = await this.#handle.read({
        buffer: Buffer.alloc(length),
        position: this.#doneBytes,
      });
      if (bytesRead === 0) throw new Error('the manifest is shorter than what was written');
      this.#doneBytes += bytesRead;
      await this.#write(buffer.subarray(0, bytesRead));
    }
  }

  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#output.write(bytes, (error) => {
        if (error) this.#close(error);
        resolve();
      });
    });
  }
}
