import type { ReservedMemory } from '../model/body-memory.ts';
import type { MultipartSettings, WriteResult } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import { S3Error } from '../s3/s3-error.ts';
import { MAX_PARTS, partSizeBytes } from './part-size.ts';
import type { EndTurn } from './part-turns.ts';
import { pieceSizeBytes } from '../model/piece-size.ts';
import { s3Complete } from './s3-complete.ts';
import type { Gathered } from './s3-growing-buffer.ts';
import { writeHeaders } from './s3-headers.ts';
import { S3Marks } from './s3-marks.ts';
import { type OnPartOver, S3Parts, type SentPart } from './s3-parts.ts';
import type { LastingS3Upload } from './s3-resume.ts';
import { keyInStore } from './s3-tools.ts';
import type { S3Tools, S3WriteRequest } from './s3-tools.ts';
import { etagsProof, tokenText } from './s3-upload-token.ts';
import { giveBack, sharedUse } from './shared-use.ts';

/** How long an abort may keep its caller waiting; what it leaves then is for `cleanup`. */
const ABORT_PATIENCE_MS = 5_000;

/** A part that fills up. */
interface OpenPart {
  /** Told when it is hashed, or given up. */
  readonly endTurn: EndTurn;
  readonly reserved: ReservedMemory;
  /** All that the part may have. */
  readonly memory: Uint8Array;
  length: number;
}

/**
 * An object on its way in by a multipart upload: cuts bytes into parts, sends them, completes or
 * aborts. Its memory is one part that fills up beside those under way, each reserved whole before
 * its first byte and given back when the store has it, or it failed. While it waits for memory no
 * part fills up, so all that it holds is on its way to the store and comes back by itself.
 * Calls come one after the other.
 */
export class S3Multipart {
  readonly #tools: S3Tools;
  readonly #request: S3WriteRequest;
  readonly #settings: MultipartSettings;
  readonly #onFailure: (error: unknown) => void;
  readonly #lasting: LastingS3Upload | undefined;
  #uploadId: string | undefined;
  #parts: S3Parts | undefined;
  #number: number;
  #sentBytes: number;
  #open: OpenPart | undefined;
  #completed = false;
  #left = false;

  /**
   * @param request whose signal stops everything but the abort of the upload
   * @param onFailure called as soon as a part failed for good
   * @param lasting where the upload outlives the run
   */
  constructor(
    tools: S3Tools,
    request: S3WriteRequest,
    settings: MultipartSettings,
    onFailure: (error: unknown) => void,
    lasting?: LastingS3Upload,
  ) {
    this.#tools = tools;
    this.#request = request;
    this.#settings = settings;
    this.#onFailure = onFailure;
    this.#lasting = lasting;
    this.#uploadId = lasting?.resumed?.uploadId;
    const there = lasting?.resumed?.parts.length ?? 0;
    this.#number = there + 1;
    this.#sentBytes = there * (lasting?.partBytes ?? 0);
  }

  /** An abort that the store did not confirm. */
  get left(): boolean {
    return this.#left;
  }

  /** Takes the chunk without waiting, where it fits into the part that fills up and leaves room. */
  tryAppend(chunk: Uint8Array): boolean {
    const open = this.#open;
    if (open === undefined || open.length + chunk.length >= open.memory.length) return false;
    open.memory.set(chunk, open.length);
    open.length += chunk.length;
    return true;
  }

  /** Takes the chunk; waits for memory, and while as many parts as are allowed are under way. */
  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      const open = (this.#open ??= await this.#startPart(chunk.subarray(at)));
      const taken = chunk.subarray(at, at + open.memory.length - open.length);
      open.memory.set(taken, open.length);
      open.length += taken.length;
      at += taken.length;
      if (open.length === open.memory.length) await this.#sendOpen(open);
    }
  }

  /**
   * Takes over the first bytes of the object with their memory, which holds a part or more. Parts
   * are sent from where they are; what is left of it then is the beginning of the next part, in the
   * same memory: waiting for more, while holding this, could be for ever.
   */
  async adopt({ reserved, memory, length }: Gathered): Promise<void> {
    const use = sharedUse(reserved);
    const onAdopted = use();
    let at = 0;
    try {
      for (let size = this.#partSize(); at + size <= length; size = this.#partSize()) {
        await this.#send(memory.subarray(at, at + size), use());
        at += size;
      }
    } catch (error) {
      onAdopted('failed');
      throw error;
    }
    // What is left of several parts holds the memory of all: it goes before more is taken.
    if (at < length || this.#number > 2) await this.#parts?.settle();
    if (at === length) {
      onAdopted('sent');
      return;
    }
    memory.copyWithin(0, at, length);
    const next = memory.subarray(0, this.#partSize());
    this.#open = {
      endTurn: () => undefined,
      reserved,
      memory: next,
      length: length - at,
    };
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

  /** Gives memory back once no part is under way; the store keeps what it has. Never throws. */
  async suspend(): Promise<void> {
    this.#open?.reserved.release();
    this.#open?.endTurn();
    this.#open = undefined;
    await this.#parts?.settle();
  }

  /**
   * As `suspend`, and tells the store to forget the parts. Nothing where nothing was started or all
   * is done. Never throws.
   */
  async abort(): Promise<void> {
    await this.suspend();
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
    await store.control.abortUpload(whole, uploadId, patience.signal).catch((error: unknown) => {
      this.#left = !(error instanceof S3Error && error.code === 'NoSuchUpload');
    });
    answered.abort(new Error('the store answered'));
    await waiting;
  }

  #partSize(): number {
    const { partSizeBytes: wanted } = this.#settings;
    return partSizeBytes(this.#number, wanted, this.#request.options.length);
  }

  /** @param source what the part begins with, and perhaps more */
  async #startPart(source: Uint8Array): Promise<OpenPart> {
    const { signal, options } = this.#request;
    const size = this.#partSize();
    const left = (options.length ?? Infinity) - this.#sentBytes;
    const bytes = Math.min(size, left);
    const { memory: budget, turns } = this.#tools;
    const endTurn = await turns.begin(bytes);
    let reserved: ReservedMemory;
    try {
      reserved = await budget.reserve(pieceSizeBytes(bytes, size), signal);
    } catch (error) {
      endTurn();
      throw error;
    }
    const memory = reserved.piece('shared', source).subarray(0, bytes);
    return { endTurn, reserved, memory, length: 0 };
  }

  async #sendOpen({ endTurn, reserved, memory, length }: OpenPart): Promise<void> {
    this.#open = undefined;
    const onOver: OnPartOver = (how) => {
      endTurn();
      giveBack(reserved, how === 'sent' ? 'reusable' : 'dropped');
    };
    await this.#send(memory.subarray(0, length), onOver, endTurn);
  }

  async #send(bytes: Uint8Array, onOver: OnPartOver, onHashed?: EndTurn): Promise<void> {
    try {
      this.#assertRoom();
      const parts = (this.#parts ??= await this.#start());
      await parts.add(this.#number, bytes, onOver, onHashed);
    } catch (error) {
      onOver('failed');
      throw error;
    }
    this.#number += 1;
    this.#sentBytes += bytes.length;
  }

  #assertRoom(): void {
    if (this.#number <= MAX_PARTS) return;
    const { key } = this.#request;
    const what = `bucket ${this.#tools.bucket} could not store ${JSON.stringify(key)}`;
    const why = `it has more bytes than fit into ${MAX_PARTS} parts`;
    throw new Failure('BUCKET_REFUSED', `${what}: ${why}; raise store.multipart.partSize`);
  }

  async #start(): Promise<S3Parts> {
    const { key, signal } = this.#request;
    const { concurrency } = this.#settings;
    const sent = this.#lasting?.resumed?.parts ?? [];
    const uploadId = (this.#uploadId ??= await this.#create());
    const marks = this.#marksOf(uploadId, sent);
    try {
      if (marks === undefined) await this.#tellBegun(uploadId);
      else if (sent.length === 0) await marks.begun();
    } catch (error) {
      // Nothing names it, so nobody could abort it later.
      await this.abort();
      throw error;
    }
    const target = { key, uploadId, sent, marks };
    return new S3Parts(this.#tools, target, concurrency, signal, this.#onFailure);
  }

  async #create(): Promise<string> {
    const { key, metadata, options, signal } = this.#request;
    const headers = writeHeaders(key, metadata, options, this.#tools.objects);
    const whole = keyInStore(this.#tools, key);
    return this.#tools.store.control.createUpload(whole, headers, signal);
  }

  async #tellBegun(uploadId: string): Promise<void> {
    const { onBegun } = this.#request.options;
    if (onBegun === undefined) return;
    const partBytes = this.#partSize();
    await onBegun(tokenText({ uploadId, partBytes, parts: 0, proof: etagsProof([]) }));
    this.#tools.onBoundary('upload.marked');
  }

  #marksOf(uploadId: string, sent: readonly SentPart[]): S3Marks | undefined {
    if (this.#lasting === undefined) return undefined;
    const { partBytes, length, onMark } = this.#lasting;
    const etags = sent.map(({ etag }) => etag);
    return new S3Marks({ uploadId, partBytes, length, etags }, async (mark) => {
      await onMark(mark);
      this.#tools.onBoundary('upload.marked');
    });
  }
}
