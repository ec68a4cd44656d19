import type { Bucket, Upload, WriteResult } from '../../model/bucket.ts';
import type { Spool } from './spool.ts';

/**
 * The bucket as a fill sees it: a large body is stored out of the spool, at the bucket's pace, so
 * that neither its clients nor the origin ever wait for the bucket.
 * @param spool that the body goes into which an upload is opened for
 */
export function behindSpool(bucket: Bucket, spool: () => Spool): Bucket {
  return {
    ...bucket,
    openUpload: (key, metadata, options, signal) => {
      const opened = (own: AbortSignal): Promise<Upload> =>
        bucket.openUpload(key, metadata, options, own);
      return Promise.resolve(new SpooledUpload(spool(), opened, signal));
    },
  };
}

/**
 * Copies the spool into the bucket's own upload, beside who fills it. It is `copying` until the
 * spool's end, which comes when the body passed the gate; what went wrong meanwhile is `commit`'s.
 */
class SpooledUpload implements Upload {
  readonly #stop = new AbortController();
  readonly #copied: Promise<Upload>;
  #inner: Upload | undefined;

  constructor(spool: Spool, open: (signal: AbortSignal) => Promise<Upload>, outer: AbortSignal) {
    const signal = AbortSignal.any([outer, this.#stop.signal]);
    const letGo = spool.hold();
    this.#copied = this.#copy(spool, open, signal).finally(letGo);
    // Told by `commit`, which may never come.
    this.#copied.catch(() => undefined);
  }

  async #copy(
    spool: Spool,
    open: (signal: AbortSignal) => Promise<Upload>,
    signal: AbortSignal,
  ): Promise<Upload> {
    const inner = await open(signal);
    this.#inner = inner;
    await spool.pipeTo((chunk) => inner.write(chunk), { from: 0, to: undefined }, signal);
    return inner;
  }

  /** The bytes are in the spool. */
  readonly write = (): void => undefined;

  async commit(): Promise<WriteResult> {
    return (await this.#copied).commit();
  }

  async abort(): Promise<'gone' | 'left'> {
    this.#stop.abort(new Error('the upload was given up'));
    await this.#copied.catch(() => undefined);
    return (await this.#inner?.abort()) ?? 'gone';
  }
}
