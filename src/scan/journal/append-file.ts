import { type FileHandle, open } from 'node:fs/promises';

/** So many bytes may wait for the disk before whoever writes waits too. */
const MOST_WAITING_BYTES = 1024 * 1024;

/** Fewer are gathered before they are written. */
const WRITE_BYTES = 64 * 1024;

/**
 * A file that is only ever written to at its end. Offsets are handed out at once, in the order of
 * the calls; the bytes follow.
 */
export class AppendFile {
  readonly #handle: FileHandle;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #endBytes: number;
  #writing: Promise<void> | undefined;
  #failure: Error | undefined;

  private constructor(handle: FileHandle, bytes: number) {
    this.#handle = handle;
    this.#endBytes = bytes;
  }

  /**
   * Opens a file, made where it is missing, and cuts off what is behind its first `bytes`.
   * @returns undefined where it is shorter than that.
   */
  static async open(path: string, bytes: number): Promise<AppendFile | undefined> {
    const handle = await open(path, bytes === 0 ? 'w+' : 'r+').catch((error: unknown) => {
      if (bytes > 0 && error instanceof Error && 'code' in error && error.code === 'ENOENT')
        return undefined;
      throw error;
    });
    if (handle === undefined) return undefined;
    const { size } = await handle.stat();
    if (size < bytes) {
      await handle.close();
      return undefined;
    }
    await handle.truncate(bytes);
    return new AppendFile(handle, bytes);
  }

  /** Where the next byte will stand. */
  get endBytes(): number {
    return this.#endBytes;
  }

  /** @returns what to wait for before more is appended; undefined where there is room. */
  append(text: string): Promise<void> | undefined {
    const bytes = Buffer.from(text);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#endBytes += bytes.length;
    if (this.#waitingBytes < WRITE_BYTES) return undefined;
    const writing = this.#write();
    return this.#waitingBytes < MOST_WAITING_BYTES ? undefined : writing;
  }

  /** Resolves when everything appended so far can be read from the file. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#writing !== undefined) await this.#write();
    this.#rethrow();
  }

  /** As `flush`, and the bytes are safe from a power cut. */
  async sync(): Promise<void> {
    await this.flush();
    await this.#handle.datasync();
  }

  /** @returns fewer bytes where the written part of the file ends. */
  async read(at: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await this.#handle.read(buffer, 0, length, at);
    return buffer.subarray(0, bytesRead);
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#handle.close();
  }

  #write(): Promise<void> {
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** A failure is kept: whatever waits or comes later finds out by `flush`. */
  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 && this.#failure === undefined) {
      const bytes = Buffer.concat(this.#waiting);
      const at = this.#endBytes - this.#waitingBytes;
      this.#waiting = [];
      try {
        await writeAll(this.#handle, bytes, at);
      } catch (error) {
        this.#failure = error instanceof Error ? error : new Error(String(error));
      }
      this.#waitingBytes -= bytes.length;
    }
    if (this.#failure !== undefined) this.#waiting = [];
  }

  #rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}
