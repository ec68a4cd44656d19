import { createHash } from 'node:crypto';

import type { LastingOptions } from '../model/bucket.ts';
import { type UploadToken, tokenText } from './s3-upload-token.ts';

/** An upload that is marked: which one, and what of it is there. */
export interface MarkedUpload {
  readonly uploadId: string;
  /** Bytes of every part but the last. */
  readonly partBytes: number;
  /** Bytes of the whole object. */
  readonly length: number;
  /** ETags of the parts that are there already, from the first. */
  readonly etags: readonly string[];
}

/**
 * Tells how far an upload has come. Parts arrive in any order; a mark stands for the parts from the
 * first one on without a gap, and never for the last: an object of which nothing is missing is
 * completed, not gone on with.
 */
export class S3Marks {
  readonly #upload: MarkedUpload;
  readonly #onMark: LastingOptions['onMark'];
  readonly #proof = createHash('sha256');
  /** By number; of parts behind a gap. */
  readonly #waiting = new Map<number, string>();
  #parts = 0;

  constructor(upload: MarkedUpload, onMark: LastingOptions['onMark']) {
    this.#upload = upload;
    this.#onMark = onMark;
    for (const etag of upload.etags) this.#take(etag);
  }

  /** The upload exists, whatever becomes of its parts; durable when it resolves. */
  async begun(): Promise<void> {
    await this.#mark();
  }

  /** The store has a part. Resolves when the mark that this moved, if it did, is durable. */
  async sent(number: number, etag: string): Promise<void> {
    const { partBytes, length } = this.#upload;
    if (number * partBytes >= length) return;
    const before = this.#parts;
    this.#waiting.set(number, etag);
    for (;;) {
      const next = this.#waiting.get(this.#parts + 1);
      if (next === undefined) break;
      this.#waiting.delete(this.#parts + 1);
      this.#take(next);
    }
    if (this.#parts > before) await this.#mark();
  }

  #take(etag: string): void {
    this.#proof.update(`${etag}\n`);
    this.#parts += 1;
  }

  async #mark(): Promise<void> {
    const { uploadId, partBytes } = this.#upload;
    const proof = this.#proof.copy().digest('hex');
    const token: UploadToken = { uploadId, partBytes, parts: this.#parts, proof };
    await this.#onMark({ bytes: this.#parts * partBytes, token: tokenText(token) });
  }
}
