import { setMaxListeners } from 'node:events';

import type { LastingUpload, MultipartSettings, Upload, WriteResult } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import { partSizeBytes } from './part-size.ts';
import { GrowingBuffer } from './s3-growing-buffer.ts';
import { S3Multipart } from './s3-multipart.ts';
import { MAX_PUT_BYTES, s3Put } from './s3-put.ts';
import { type LastingS3Upload, s3Resume } from './s3-resume.ts';
import { asBucketFailure } from './s3-tools.ts';
import type { S3Tools, S3WriteRequest } from './s3-tools.ts';

const MIB = 1024 ** 2;

/** The rules file's defaults, for callers that have no rule. */
const DEFAULT_MULTIPART: MultipartSettings = {
  thresholdBytes: 16 * MIB,
  partSizeBytes: 16 * MIB,
  concurrency: 4,
};

/** How many bytes are gathered, and how many of them may go in one PUT. */
interface Gathering {
  readonly limitBytes: number;
  readonly onePutBytes: number;
}

/**
 * What is gathered before parts are sent: a whole small object, or the first part of a larger one.
 * However high the threshold, it is no more than the parts that may be under way together, nor than
 * the memory that there is for all bodies.
 */
function gathering(
  settings: MultipartSettings,
  length: number | undefined,
  memoryBytes: number,
): Gathering {
  const part = partSizeBytes(1, settings.partSizeBytes, length);
  const { thresholdBytes, concurrency } = settings;
  const onePutBytes = Math.min(thresholdBytes, part * concurrency, MAX_PUT_BYTES, memoryBytes);
  if (length === undefined) return { limitBytes: Math.max(onePutBytes, part), onePutBytes };
  return { limitBytes: length <= onePutBytes ? length : 0, onePutBytes };
}

/**
 * An object on its way into an S3 bucket. Bytes gather in memory; an object that ends at or under
 * the threshold goes in one PUT, a larger one becomes a multipart upload. All memory is of the
 * budget, asked for when the first byte is there for it, and back in it by the end of the upload.
 *
 * It is `open` while bytes come, `committing` from commit on, and `over` after that, after abort,
 * and after a failure; with the end of each, parts under way are stopped and an upload that was
 * not completed is aborted. An aborted signal fails the next step and stops the one under way.
 */
class S3Upload implements Upload {
  readonly #tools: S3Tools;
  readonly #request: S3WriteRequest;
  readonly #outer: AbortSignal;
  readonly #stop = new AbortController();
  readonly #onStop = (): void => {
    this.#stop.abort(this.#outer.reason);
  };
  readonly #settings: MultipartSettings;
  readonly #onePutBytes: number;
  #gathered: GrowingBuffer | undefined;
  #multipart: S3Multipart | undefined;
  #receivedBytes = 0;
  #state: 'open' | 'committing' | 'over' = 'open';
  #failure: { readonly error: unknown } | undefined;
  /** Set where the body was not as long as was said: the caller's failure, not the store's. */
  #wrong: Failure | undefined;
  /** Settles, without failing, when the writes under way did; undefined while none is. */
  #tail: Promise<void> | undefined;
  readonly lasting: LastingUpload | undefined;

  constructor(tools: S3Tools, request: S3WriteRequest, lasting: LastingS3Upload | undefined) {
    this.#tools = tools;
    this.#outer = request.signal;
    this.#request = { ...request, signal: this.#stop.signal };
    this.#settings = request.options.multipart ?? DEFAULT_MULTIPART;
    const { length } = request.options;
    const { memory } = tools;
    const { limitBytes, onePutBytes } = gathering(this.#settings, length, memory.limitBytes);
    this.#onePutBytes = onePutBytes;
    const isKnown = length !== undefined;
    this.#gathered = limitBytes === 0 ? undefined : new GrowingBuffer(memory, limitBytes, isKnown);
    this.lasting = lasting && this.#beginLasting(lasting);
    // Parts, and the requests of each, listen to it.
    setMaxListeners(0, this.#outer, this.#stop.signal);
    this.#outer.addEventListener('abort', this.#onStop, { once: true });
  }

  readonly write = (chunk: Uint8Array): void | Promise<void> => {
    if (this.#tail === undefined && this.#isOpen() && this.#tryAppend(chunk)) return undefined;
    return this.#queue(chunk);
  };

  async commit(): Promise<WriteResult> {
    await this.#tail;
    if (this.#state === 'committing') throw this.#isOver();
    try {
      this.#assertOpen();
      this.#state = 'committing';
      this.#assertWhole();
      return await this.#store();
    } catch (error) {
      const failure = this.#asFailure(this.#failure?.error ?? error);
      if (this.lasting !== undefined && this.#state === 'committing') {
        // Whether to leave to a later run what is there is for the caller: `abort` or `suspend`.
        this.#fail(error);
        this.#state = 'open';
      }
      throw failure;
    } finally {
      if (this.#state !== 'open') await this.#end();
    }
  }

  async abort(): Promise<'gone' | 'left'> {
    // A commit under way, or done, has the last word.
    if (this.#state === 'committing') return 'gone';
    this.#state = 'over';
    this.#stop.abort(this.#isOver());
    await this.#tail;
    await this.#end();
    return this.#multipart?.left === true ? 'left' : 'gone';
  }

  #beginLasting(lasting: LastingS3Upload): LastingUpload {
    const { partBytes, resumed } = lasting;
    this.#multipart = this.#multipartOf(lasting);
    this.#receivedBytes = (resumed?.parts.length ?? 0) * partBytes;
    return {
      startsAt: this.#receivedBytes,
      markEvery: partBytes,
      suspend: async () => {
        const multipart = this.#multipart;
        // Without it nobody aborts what was sent.
        if (this.#state !== 'committing') this.#multipart = undefined;
        await this.abort();
        await multipart?.suspend();
      },
    };
  }

  #multipartOf(lasting: LastingS3Upload | undefined): S3Multipart {
    const onFailure = (error: unknown): void => {
      this.#fail(error);
    };
    return new S3Multipart(this.#tools, this.#request, this.#settings, onFailure, lasting);
  }

  #isOpen(): boolean {
    return this.#state === 'open' && this.#failure === undefined && !this.#outer.aborted;
  }

  #isOver(): Failure {
    const key = JSON.stringify(this.#request.key);
    return new Failure('INTERNAL', `the upload of ${key} is over and can't be used again`);
  }

  #assertOpen(): void {
    this.#outer.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#state !== 'open') throw this.#isOver();
  }

  /** @throws Failure `LENGTH_MISMATCH` where the body is shorter than was said. */
  #assertWhole(): void {
    const { length } = this.#request.options;
    if (length !== undefined && length !== this.#receivedBytes) throw this.#wrongLength(length);
  }

  #wrongLength(length: number): Failure {
    const what = `${JSON.stringify(this.#request.key)} was not stored`;
    const why = `got ${this.#receivedBytes} bytes, ${length} were declared`;
    const message = `bucket ${this.#tools.bucket}: ${what}: ${why}`;
    this.#wrong = new Failure('LENGTH_MISMATCH', message);
    return this.#wrong;
  }

  #tryAppend(chunk: Uint8Array): boolean {
    const { length } = this.#request.options;
    if (length !== undefined && this.#receivedBytes + chunk.length > length) return false;
    const taker = this.#multipart ?? this.#gathered;
    if (taker?.tryAppend(chunk) !== true) return false;
    this.#receivedBytes += chunk.length;
    return true;
  }

  async #queue(chunk: Uint8Array): Promise<void> {
    const before = this.#tail ?? Promise.resolve();
    const turn = before.then(() => this.#append(chunk));
    const tail = turn
      .catch(() => undefined)
      .then(() => {
        if (this.#tail === tail) this.#tail = undefined;
      });
    this.#tail = tail;
    await turn;
  }

  async #append(chunk: Uint8Array): Promise<void> {
    try {
      this.#assertOpen();
      if (this.#tryAppend(chunk)) return;
      this.#receivedBytes += chunk.length;
      const { length } = this.#request.options;
      if (length !== undefined && this.#receivedBytes > length) throw this.#wrongLength(length);
      const taken = (await this.#gathered?.append(chunk, this.#stop.signal)) ?? 0;
      if (taken === chunk.length) return;
      const multipart = await this.#beginMultipart();
      await multipart.append(chunk.subarray(taken));
    } catch (error) {
      this.#fail(error);
      throw this.#asFailure(this.#failure?.error ?? error);
    }
  }

  async #beginMultipart(): Promise<S3Multipart> {
    if (this.#multipart !== undefined) return this.#multipart;
    const multipart = this.#multipartOf(undefined);
    this.#multipart = multipart;
    const gathered = this.#gathered?.handOver();
    this.#gathered = undefined;
    if (gathered !== undefined) await multipart.adopt(gathered);
    return multipart;
  }

  async #store(): Promise<WriteResult> {
    const gathered = this.#gathered?.bytes() ?? new Uint8Array(0);
    if (this.#multipart === undefined && gathered.length <= this.#onePutBytes) {
      const result = await s3Put(this.#tools, this.#request, gathered);
      this.#gathered?.free('over');
      return result;
    }
    return (await this.#beginMultipart()).complete();
  }

  /** Remembers the first failure and stops what is under way. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined || this.#state === 'over') return;
    this.#failure = { error: this.#outer.aborted ? this.#outer.reason : error };
    this.#stop.abort(error);
  }

  /** Leaves nothing behind, neither in the store nor in memory; never throws. */
  async #end(): Promise<void> {
    this.#state = 'over';
    this.#outer.removeEventListener('abort', this.#onStop);
    this.#stop.abort(this.#isOver());
    this.#gathered?.free('uncertain');
    this.#gathered = undefined;
    await this.#multipart?.abort();
  }

  #asFailure(error: unknown): unknown {
    if (error === this.#wrong) return error;
    const { key } = this.#request;
    return asBucketFailure(error, this.#tools, key, 'store', this.#outer);
  }
}

/** How the upload outlives the run, where it may: one that goes by parts of one size. */
async function lastingOf(
  tools: S3Tools,
  { key, options, signal }: S3WriteRequest,
): Promise<LastingS3Upload | undefined> {
  const { lasting, length, multipart = DEFAULT_MULTIPART } = options;
  if (lasting === undefined || length === undefined) return undefined;
  if (gathering(multipart, length, tools.memory.limitBytes).limitBytes > 0) return undefined;
  const partBytes = partSizeBytes(1, multipart.partSizeBytes, length);
  const { resume, onMark } = lasting;
  const resumed = resume && (await s3Resume(tools, key, resume, partBytes, signal));
  return { onMark, partBytes, length, resumed };
}

/**
 * Starts storing an object in an S3 bucket; nothing is asked of the store before bytes are gathered,
 * but what it has of an upload that is gone on with.
 * @throws Failure `BUCKET_*`, the signal's reason.
 */
export async function openS3Upload(tools: S3Tools, request: S3WriteRequest): Promise<Upload> {
  request.signal.throwIfAborted();
  return new S3Upload(tools, request, await lastingOf(tools, request));
}
