import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Headers } from '../model/ports.ts';
import { requestIdIn } from '../s3/request-id.ts';
import type { UploadedPart } from '../s3/s3-store.ts';
import { partDigestHeader } from './s3-digest.ts';
import { hidesMd5, judgeEtag, quotedEtag } from './s3-etag.ts';
import type { S3Marks } from './s3-marks.ts';
import { keyInStore } from './s3-tools.ts';
import type { S3Tools } from './s3-tools.ts';
import { type UploadDigests, uploadDigests } from './upload-digests.ts';

/** A part that the store has. */
export interface SentPart extends UploadedPart {
  readonly sizeBytes: number;
  readonly md5: Buffer;
  /** The store's ETag of the part is the MD5 of the bytes sent. */
  readonly verified: boolean;
}

/** The multipart upload that parts belong to. */
export interface PartsTarget {
  readonly key: ObjectKey;
  readonly uploadId: string;
  /** Parts that the store has already. */
  readonly sent: readonly SentPart[];
  /** Told of every further part, where the upload outlives the run. */
  readonly marks: S3Marks | undefined;
}

/** Told when nobody needs a part's bytes any more: the store has it, or it failed for good. */
export type OnPartOver = (how: 'sent' | 'failed') => void;

/**
 * Sends the parts of one upload, a few at once. The first part that fails for good makes the upload
 * fail: `onFailure` is called, and every later `add` and `finish` throws that failure.
 */
export class S3Parts {
  readonly #tools: S3Tools;
  readonly #target: PartsTarget;
  readonly #concurrency: number;
  readonly #signal: AbortSignal;
  readonly #onFailure: (error: unknown) => void;
  readonly #marks: S3Marks | undefined;
  readonly #underWay = new Set<Promise<void>>();
  readonly #sent: SentPart[];
  #failure: { readonly error: unknown } | undefined;

  constructor(
    tools: S3Tools,
    target: PartsTarget,
    concurrency: number,
    signal: AbortSignal,
    onFailure: (error: unknown) => void,
  ) {
    this.#tools = tools;
    this.#target = target;
    this.#concurrency = concurrency;
    this.#signal = signal;
    this.#onFailure = onFailure;
    this.#marks = target.marks;
    this.#sent = [...target.sent];
  }

  /**
   * Starts to send a part, as soon as fewer than the allowed number are under way.
   * @param onOver not called where `add` throws
   * @param onHashed told when the bytes need no more of this process than to be sent
   */
  async add(
    number: number,
    bytes: Uint8Array,
    onOver: OnPartOver,
    onHashed?: () => void,
  ): Promise<void> {
    while (this.#underWay.size >= this.#concurrency) await Promise.race(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure.error;
    const sending = this.#run(number, bytes, onOver, onHashed).finally(() =>
      this.#underWay.delete(sending),
    );
    this.#underWay.add(sending);
  }

  /** Every part, by number, once the store has them all. */
  async finish(): Promise<readonly SentPart[]> {
    await this.settle();
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#sent.toSorted((a, b) => a.number - b.number);
  }

  /** Waits until nothing is under way any more; never throws. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #run(
    number: number,
    bytes: Uint8Array,
    onOver: OnPartOver,
    onHashed: (() => void) | undefined,
  ): Promise<void> {
    let sent: SentPart;
    try {
      const digests = await uploadDigests(bytes, this.#tools.store.signsBodies);
      onHashed?.();
      sent = await this.#send(number, bytes, digests);
    } catch (error) {
      onOver('failed');
      this.#fail(error);
      return;
    }
    onOver('sent');
    this.#sent.push(sent);
    await this.#marks?.sent(number, sent.etag).catch((error: unknown) => {
      this.#fail(error);
    });
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#onFailure(error);
  }

  async #send(
    number: number,
    bytes: Uint8Array,
    { md5, sha256 }: UploadDigests,
  ): Promise<SentPart> {
    const { store, checksum } = this.#tools;
    const { key, uploadId } = this.#target;
    const answer = await store.send(
      {
        method: 'PUT',
        key: keyInStore(this.#tools, key),
        query: [
          ['partNumber', String(number)],
          ['uploadId', uploadId],
        ],
        headers: partDigestHeader(checksum, md5),
        body: bytes,
        bodySha256: sha256,
      },
      (response) => Promise.resolve(response.headers),
      this.#signal,
    );
    return this.#checked(number, bytes, md5, answer);
  }

  #checked(number: number, bytes: Uint8Array, md5: Buffer, answer: Headers): SentPart {
    const hex = md5.toString('hex');
    const etag = quotedEtag(answer['etag']);
    const verdict = judgeEtag(etag, hex, hidesMd5(answer));
    if (etag !== undefined && verdict !== 'other') {
      return { number, etag, sizeBytes: bytes.length, md5, verified: verdict === 'same' };
    }
    const { bucket } = this.#tools;
    const what = `bucket ${bucket} took part ${number} of ${JSON.stringify(this.#target.key)}`;
    const got = etag === undefined ? 'without an ETag' : `with ETag ${etag}`;
    const why = `expected the MD5 of the ${bytes.length} bytes sent, "${hex}"`;
    const message = `${what} ${got}, ${why}; nothing was stored, run again`;
    throw new Failure('BUCKET_REFUSED', message, { requestId: requestIdIn(answer) });
  }
}
