import type { StoredAnswer } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { BodySink } from '../model/ports.ts';
import type { S3Response } from '../s3/s3-store.ts';
import { isAbsence, refuseOtherSuccess } from './s3-head.ts';
import { storedObject } from './s3-headers.ts';
import { asBucketFailure, keyInStore } from './s3-tools.ts';
import type { S3Tools } from './s3-tools.ts';

/**
 * The answer to a GET, as the port shows it. What the store does wrong is a bucket's failure; what
 * a sink throws is nobody's business here and comes through as it is.
 */
class S3Answer implements StoredAnswer {
  readonly object: StoredAnswer['object'];
  readonly #tools: S3Tools;
  readonly #response: S3Response;
  readonly #signal: AbortSignal;

  constructor(tools: S3Tools, key: ObjectKey, response: S3Response, signal: AbortSignal) {
    this.object = storedObject(tools.bucket, key, response);
    this.#tools = tools;
    this.#response = response;
    this.#signal = signal;
  }

  async bytes(limit: number): Promise<Uint8Array> {
    const { size } = this.object;
    if (size > limit) throw this.#wrongLength(`it has ${size} bytes, expected at most ${limit}`);
    try {
      return await this.#response.bytes(limit);
    } catch (error) {
      throw this.#asFailure(error);
    }
  }

  async pipeTo(sink: BodySink): Promise<number> {
    let thrown: { readonly error: unknown } | undefined;
    try {
      return await this.#response.pipeTo(async (chunk) => {
        try {
          await sink(chunk);
        } catch (error) {
          thrown = { error };
          throw error;
        }
      });
    } catch (error) {
      throw thrown === undefined ? this.#asFailure(error) : thrown.error;
    }
  }

  #wrongLength(why: string, cause?: unknown): Failure {
    const what = `bucket ${this.#tools.bucket} could not read ${JSON.stringify(this.object.key)}`;
    return new Failure('LENGTH_MISMATCH', `${what}: ${why}`, { cause });
  }

  #asFailure(error: unknown): unknown {
    const { key, size } = this.object;
    if (error instanceof Failure && error.code === 'LENGTH_MISMATCH') {
      return this.#wrongLength(`the body broke off, expected ${size} bytes; run again`, error);
    }
    return asBucketFailure(error, this.#tools, key, 'read', this.#signal);
  }
}

/** Gives an object to `reader`; undefined where there is none. Throws as `s3Head`. */
export async function s3Read<T>(
  tools: S3Tools,
  key: ObjectKey,
  reader: (answer: StoredAnswer) => Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const whole = keyInStore(tools, key);
  let thrown: { readonly error: unknown } | undefined;
  try {
    return await tools.store.send(
      { method: 'GET', key: whole, query: [], headers: {}, body: undefined },
      async (response) => {
        refuseOtherSuccess(tools, key, response);
        const answer = new S3Answer(tools, key, response, signal);
        try {
          return await reader(answer);
        } catch (error) {
          thrown = { error };
          throw error;
        }
      },
      signal,
    );
  } catch (error) {
    if (thrown !== undefined) throw thrown.error;
    if (isAbsence(error)) return undefined;
    throw asBucketFailure(error, tools, key, 'read', signal);
  }
}
