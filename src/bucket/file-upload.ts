import { createHash } from 'node:crypto';
import { unlink } from 'node:fs/promises';

import type { ObjectMetadata, Upload, WriteOptions, WriteResult } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { OnBoundary } from '../model/ports.ts';
import { keyHash, removeDescription, writeDescription } from './file-description.ts';
import { asBucketFailure } from './file-failure.ts';
import type { FileTree } from './file-tree.ts';
import type { KeyLock } from './key-lock.ts';
import { placeFile } from './place-file.ts';
import type { TempFile, TempFiles } from './temp-files.ts';

/** What every upload of one bucket shares. */
export interface UploadTools {
  /** The bucket, for messages. */
  readonly bucket: string;
  readonly tree: FileTree;
  readonly temps: TempFiles;
  readonly locks: KeyLock;
  readonly onBoundary: OnBoundary;
}

/** What is stored, and how. */
export interface UploadRequest {
  readonly key: ObjectKey;
  readonly metadata: ObjectMetadata;
  readonly options: WriteOptions;
  readonly signal: AbortSignal;
}

/**
 * An object on its way into a directory. It is `open` while bytes come, `committing` from commit
 * on, and `over` after abort or a failed write; with the end of each the temp file goes. An aborted
 * signal fails the next step. Until the temp file is linked or renamed into place (`placed`) every failure
 * leaves the bucket as it was; from there on the object is whole and stays.
 */
class FileUpload implements Upload {
  readonly #tools: UploadTools;
  readonly #request: UploadRequest;
  readonly #temp: TempFile;
  readonly #md5 = createHash('md5');
  /** Settles, without failing, when all writes so far did. */
  #tail: Promise<void> = Promise.resolve();
  #position = 0;
  #state: 'open' | 'committing' | 'over' = 'open';
  #failure: unknown;
  #handleIsOpen = true;
  #discarding: Promise<void> | undefined;

  constructor(tools: UploadTools, request: UploadRequest, temp: TempFile) {
    this.#tools = tools;
    this.#request = request;
    this.#temp = temp;
  }

  readonly write = async (chunk: Uint8Array): Promise<void> => {
    const turn = this.#tail.then(() => this.#append(chunk));
    this.#tail = turn.catch(() => undefined);
    await turn;
  };

  async commit(): Promise<WriteResult> {
    await this.#tail;
    if (this.#request.signal.aborted) await this.abort();
    this.#assertOpen();
    this.#state = 'committing';
    try {
      return await this.#store();
    } catch (error) {
      throw this.#asFailure(error);
    } finally {
      await this.#discard();
    }
  }

  async abort(): Promise<'gone'> {
    // A commit under way, or done, has the last word.
    if (this.#state === 'committing') return 'gone';
    this.#state = 'over';
    await this.#tail;
    await this.#discard();
    return 'gone';
  }

  #assertOpen(): void {
    if (this.#failure !== undefined) throw this.#asFailure(this.#failure);
    this.#request.signal.throwIfAborted();
    if (this.#state === 'open') return;
    const key = JSON.stringify(this.#request.key);
    throw new Failure('INTERNAL', `the upload of ${key} is over and can't be used again`);
  }

  async #append(chunk: Uint8Array): Promise<void> {
    this.#assertOpen();
    try {
      this.#md5.update(chunk);
      for (let done = 0; done < chunk.length;) {
        const { handle } = this.#temp;
        const length = chunk.length - done;
        const { bytesWritten } = await handle.write(chunk, done, length, this.#position);
        done += bytesWritten;
        this.#position += bytesWritten;
      }
    } catch (error) {
      this.#failure = error;
      this.#state = 'over';
      await this.#discard();
      throw this.#asFailure(error);
    }
  }

  async #store(): Promise<WriteResult> {
    const { tree, locks, onBoundary } = this.#tools;
    const { key, metadata, options, signal } = this.#request;
    await this.#temp.handle.sync();
    const stats = await this.#temp.handle.stat({ bigint: true });
    await this.#close();
    onBoundary('bucket.written');
    signal.throwIfAborted();
    const etag = `"${this.#md5.digest('hex')}"`;
    const { headers, metadata: userMetadata } = metadata;
    const described = { key, etag, headers, metadata: userMetadata };
    const description = await writeDescription(tree, described, stats);
    const progress = { placed: false };
    const onPlaced = (): void => {
      progress.placed = true;
    };
    try {
      onBoundary('bucket.described');
      const outcome = await locks.run(key, async () => {
        signal.throwIfAborted();
        return placeFile(tree, key, this.#temp.path, options.ifAbsent, onPlaced);
      });
      if (outcome === 'exists') return { outcome };
    } finally {
      // Of what did not come to be, nothing stays; the description of what did must.
      if (!progress.placed) await removeDescription(tree, description);
    }
    onBoundary('bucket.committed');
    return { outcome: 'stored', etag };
  }

  async #close(): Promise<void> {
    if (!this.#handleIsOpen) return;
    this.#handleIsOpen = false;
    await this.#temp.handle.close();
  }

  /** Never throws: what can't be removed is swept when the bucket is opened again. */
  async #discard(): Promise<void> {
    this.#discarding ??= this.#removeTemp();
    await this.#discarding;
  }

  async #removeTemp(): Promise<void> {
    this.#state = 'over';
    await this.#close().catch(() => undefined);
    const path = this.#tools.tree.directories.absolute(this.#temp.path);
    await unlink(path).catch(() => undefined);
  }

  #asFailure(error: unknown): unknown {
    const { key, signal } = this.#request;
    return asBucketFailure(error, this.#tools.bucket, `store ${JSON.stringify(key)}`, signal);
  }
}

/**
 * Starts storing an object in a directory.
 * @throws Failure `BUCKET_REFUSED`, `KEY_INVALID`, or the signal's reason.
 */
export async function openFileUpload(tools: UploadTools, request: UploadRequest): Promise<Upload> {
  const { key, signal } = request;
  signal.throwIfAborted();
  try {
    const upload = new FileUpload(tools, request, await tools.temps.create(keyHash(key)));
    // The signal may have fired while the file was being opened, before anybody listened.
    if (signal.aborted) await upload.abort();
    signal.throwIfAborted();
    return upload;
  } catch (error) {
    throw asBucketFailure(error, tools.bucket, `store ${JSON.stringify(key)}`, signal);
  }
}
