import type { MultipartSettings, WriteResult } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import { MAX_PARTS, partSizeBytes } from './part-size.ts';
import { s3Complete } from './s3-complete.ts';
import { writeHeaders } from './s3-headers.ts';
import { S3Parts } from './s3-parts.ts';
import { keyInStore } from './s3-tools.ts';
import type { S3Tools, S3WriteRequest } from './s3-tools.ts';

/** How long an abort may keep its caller waiting; what it leaves then is for `cleanup`. */
const ABORT_PATIENCE_MS = 5_000;

/** A part that fills up. */
interface OpenPart {
  readonly memory: Buffer;
  length: number;
}

/**
 * An object on its way in by a multipart upload: cuts bytes into parts, sends them, completes or
 * aborts. Its memory is one part that fills up beside those under way; the memory of a part that
 * was sent takes a later one. Calls come one after the other; `abort` may come at any time.
 */
export class S3Multipart {
  readonly #tools: S3Tools;
  readonly #request: S3WriteRequest;
  readonly #settings: MultipartSettings;
  readonly #onFailure: (error: unknown) => void;
  readonly #free: Buffer[] = [];
  #uploadId: string | undefined;
  #parts: S3Parts | undefined;
  #number = 1;
  #open: OpenPart | undefined;
  #completed = false;

  /**
   * @param request whose signal stops everything but the abort of the upload
   * @param onFailure called as soon as a part failed for good
   */
  constructor(
    tools: S3Tools,
    request: S3WriteRequest,
    settings: MultipartSettings,
    onFailure: (error: unknown) => void,
  ) {
    this.#tools = tools;
    this.#request = request;
    this.#settings = settings;
    this.#onFailure = onFailure;
  }

  /** Takes the chunk without waiting, where it fits into the part that fills up and leaves room. */
  tryAppend(chunk: Uint8Array): boolean {
    const open = this.#open;
    if (open === undefined || open.length + chunk.length >= open.memory.length) return false;
    open.memory.set(chunk, open.length);
    open.length += chunk.length;
    return true;
  }

  /** Takes the chunk; waits while as many parts as are allowed are under way. */
  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      const open = (this.#open ??= this.#startPart());
      const taken = chunk.subarray(at, at + open.memory.length - open.length);
      open.memory.set(taken, open.length);
      open.length += taken.length;
      at += taken.length;
      if (open.length === open.memory.length) await this.#sendOpen(open);
    }
  }

  /** Takes the first bytes of the object; they are sent from where they are, so must stay. */
  async adopt(bytes: Uint8Array): Promise<void> {
    let at = 0;
    for (let size = this.#partSize(); at + size <= bytes.length; size = this.#partSize()) {
      await this.#send(bytes.subarray(at, at + size), () => undefined);
      at += size;
    }
    // What is left of several parts holds the memory of all: it goes before more is taken.
    if (this.#number > 2) await this.#parts?.settle();
    await this.append(bytes.subarray(at));
  }

  /** Sends what is left and makes the object. Throws as `s3Complete`; then abort. */
  async complete(): Promise<WriteResult> {
    if (this.#open !== undefined) await this.#sendOpen(this.#open);
    const uploadId = this.#uploadId;
    const parts = (await this.#parts?.finish()) ?? [];
    if (uploadId === undefined) throw new Error('a multipart upload without parts');
    this.#tools.onBoundary('bucket.written');
    this.#request.signal.throwIfAborted();
    const result = await s3Complete(this.#tools, this.#request, { uploadId, parts });
    if (result.outcome === 'stored') {
      this.#completed = true;
      this.#tools.onBoundary('bucket.committed');
    }
    return result;
  }

  /**
   * Tells the store to forget the parts, once none is under way any more. Without effect where
   * nothing was started or all is done. Never throws.
   */
  async abort(): Promise<void> {
    await this.#parts?.settle();
    const uploadId = this.#uploadId;
    if (uploadId === undefined || this.#completed) return;
    this.#uploadId = undefined;
    const { clock, store } = this.#tools;
    const patience = new AbortController();
    const answered = new AbortController();
    const waiting = clock.sleep(ABORT_PATIENCE_MS, answered.signal).then(
      () => {
        patience.abort(new Error('the store did not answer'));
      },
      () => undefined,
    );
    const whole = keyInStore(this.#tools, this.#request.key);
    await store.control.abortUpload(whole, uploadId, patience.signal).catch(() => undefined);
    answered.abort(new Error('the store answered'));
    await waiting;
  }

  #partSize(): number {
    const { partSizeBytes: wanted } = this.#settings;
    return partSizeBytes(this.#number, wanted, this.#request.options.length);
  }

  #startPart(): OpenPart {
    const size = this.#partSize();
    const kept = this.#free.pop();
    const memory = kept?.length === size ? kept : Buffer.allocUnsafeSlow(size);
    return { memory, length: 0 };
  }

  async #sendOpen({ memory, length }: OpenPart): Promise<void> {
    this.#open = undefined;
    await this.#send(memory.subarray(0, length), () => {
      this.#free.push(memory);
    });
  }

  async #send(bytes: Uint8Array, onSent: () => void): Promise<void> {
    const { key } = this.#request;
    if (this.#number > MAX_PARTS) {
      const what = `bucket ${this.#tools.bucket} could not store ${JSON.stringify(key)}`;
      const why = `it has more bytes than fit into ${MAX_PARTS} parts`;
      throw new Failure('BUCKET_REFUSED', `${what}: ${why}; raise store.multipart.partSize`);
    }
    const parts = (this.#parts ??= await this.#start());
    await parts.add(this.#number, bytes, onSent);
    this.#number += 1;
  }

  async #start(): Promise<S3Parts> {
    const { key, metadata, options, signal } = this.#request;
    const headers = writeHeaders(key, metadata, options, this.#tools.objects);
    const whole = keyInStore(this.#tools, key);
    const uploadId = await this.#tools.store.control.createUpload(whole, headers, signal);
    this.#uploadId = uploadId;
    const { concurrency } = this.#settings;
    return new S3Parts(this.#tools, { key, uploadId }, concurrency, signal, this.#onFailure);
  }
}
