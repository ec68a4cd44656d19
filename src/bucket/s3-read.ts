import { type AskedRange, type PartOfObject, partLength, partOf } from '../model/byte-range.ts';
import type { StoredAnswer, StoredObject } from '../model/bucket.ts';
import { asError } from '../http/network-failure.ts';
import { Failure } from '../model/failure.ts';
import { lendBody } from '../model/lend-body.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { BodySink, Headers } from '../model/ports.ts';
import { S3Error } from '../s3/s3-error.ts';
import type { S3Response } from '../s3/s3-store.ts';
import { isAbsence, refuseOtherSuccess, s3Head } from './s3-head.ts';
import { rangeHeader, storedObject, storedPart } from './s3-headers.ts';
import { asBucketFailure, keyInStore } from './s3-tools.ts';
import type { S3Tools } from './s3-tools.ts';

/** How often a range is asked for that is refused though the object has some of it. */
const MAX_LOOKS = 3;

/** What a body is: an object, or which part of one. */
type Content = Pick<StoredAnswer, 'object' | 'part'>;

/**
 * The answer to a GET, as the port shows it. What the store does wrong is a bucket's failure; what
 * a sink throws is nobody's business here and comes through as it is.
 */
class S3Answer implements StoredAnswer {
  readonly object: StoredObject;
  readonly part: PartOfObject;
  readonly #length: number;
  readonly #tools: S3Tools;
  readonly #response: S3Response;
  readonly #signal: AbortSignal;

  constructor(
    { object, part }: Content,
    tools: S3Tools,
    response: S3Response,
    signal: AbortSignal,
  ) {
    this.object = object;
    this.part = part;
    this.#length = partLength(part, object.size);
    this.#tools = tools;
    this.#response = response;
    this.#signal = signal;
  }

  bytes(limit: number): Promise<Uint8Array> {
    const length = this.#length;
    if (length > limit) {
      const what = this.part === undefined ? 'it has' : 'its part has';
      return Promise.reject(
        this.#wrongLength(`${what} ${length} bytes, expected at most ${limit}`),
      );
    }
    return this.#response.bytes(limit).catch((error: unknown) => {
      throw this.#asFailure(error);
    });
  }

  pipeTo(sink: BodySink): Promise<number> {
    return this.#pass(sink, (own) => this.#response.pipeTo(own));
  }

  lendTo(sink: BodySink): Promise<number> {
    return this.#pass(sink, (own) => lendBody(this.#response, own));
  }

  async #pass(sink: BodySink, pass: (own: BodySink) => Promise<number>): Promise<number> {
    let thrown: { readonly error: unknown } | undefined;
    const told = (error: unknown): never => {
      thrown = { error };
      throw error;
    };
    try {
      return await pass((chunk) => {
        try {
          // Most sinks take a chunk at once; only those that don't cost a promise more.
          return sink(chunk)?.catch(told);
        } catch (error) {
          return told(error);
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
    if (error instanceof Failure && error.code === 'LENGTH_MISMATCH') {
      const expected = `expected ${this.#length} bytes`;
      return this.#wrongLength(`the body broke off, ${expected}; run again`, error);
    }
    return asBucketFailure(error, this.#tools, this.object.key, 'read', this.#signal);
  }
}

/** The answer where a range holds no byte of the object. */
function emptyAnswer(object: StoredObject): StoredAnswer {
  return {
    object,
    part: 'none',
    bytes: () => Promise.resolve(new Uint8Array(0)),
    pipeTo: () => Promise.resolve(0),
  };
}

/** A store that does not know ranges answers with the whole object, which is none the worse. */
function contentOf(
  tools: S3Tools,
  key: ObjectKey,
  range: AskedRange | undefined,
  response: S3Response,
): Content {
  if (range !== undefined && response.status === 206) {
    return storedPart(tools.bucket, key, response, range);
  }
  refuseOtherSuccess(tools, key, response);
  return { object: storedObject(tools.bucket, key, response), part: undefined };
}

/** The store says that the range holds no byte. */
class Outside extends Error {}

/** One GET, on its way. */
class S3Get<T> {
  /** The reader's own failures, and refusals of the answer, keep their codes. */
  #isAnswered = false;
  readonly #tools: S3Tools;
  readonly #key: ObjectKey;
  readonly #reader: (answer: StoredAnswer) => Promise<T>;
  readonly #signal: AbortSignal;
  readonly #range: AskedRange | undefined;

  constructor(
    tools: S3Tools,
    key: ObjectKey,
    reader: (answer: StoredAnswer) => Promise<T>,
    signal: AbortSignal,
    range: AskedRange | undefined,
  ) {
    this.#tools = tools;
    this.#key = key;
    this.#reader = reader;
    this.#signal = signal;
    this.#range = range;
  }

  /** @returns undefined where there is no object. */
  send(): Promise<T | undefined> {
    const range = this.#range;
    const headers = range === undefined ? NO_HEADERS : { range: rangeHeader(range) };
    const key = keyInStore(this.#tools, this.#key);
    const sent = this.#tools.store.send(
      { method: 'GET', key, query: NO_QUERY, headers, body: undefined, mayBeAbsent: true },
      (response) => this.#onAnswer(response),
      this.#signal,
    );
    return sent.catch((error: unknown) => this.#onError(error));
  }

  #onAnswer(response: S3Response): Promise<T | undefined> {
    this.#isAnswered = true;
    if (response.status === 404) return ABSENT;
    const content = contentOf(this.#tools, this.#key, this.#range, response);
    return this.#reader(new S3Answer(content, this.#tools, response, this.#signal));
  }

  #onError(error: unknown): T | undefined {
    if (this.#isAnswered) throw error;
    if (isAbsence(error)) return undefined;
    if (this.#range !== undefined && isOutside(error)) throw new Outside();
    throw asBucketFailure(error, this.#tools, this.#key, 'read', this.#signal);
  }
}

const ABSENT = Promise.resolve(undefined);
const NO_HEADERS: Headers = {};
const NO_QUERY = [] as const;

const isOutside = (error: unknown): boolean => error instanceof S3Error && error.status === 416;

/**
 * Gives an object, or the range that is asked for, to `reader`: one GET. Only where the store
 * refuses the range is the object looked up as well, since the refusal says nothing else of it.
 * @returns undefined where there is no object.
 * @throws as `s3Head`; Failure `LENGTH_MISMATCH` also before `reader` is called.
 */
export function s3Read<T>(
  tools: S3Tools,
  key: ObjectKey,
  reader: (answer: StoredAnswer) => Promise<T>,
  signal: AbortSignal,
  range: AskedRange | undefined,
): Promise<T | undefined> {
  if (range !== undefined) return readRange(tools, key, reader, signal, range);
  try {
    signal.throwIfAborted();
    return new S3Get(tools, key, reader, signal, undefined).send();
  } catch (error) {
    return Promise.reject(asError(error));
  }
}

async function readRange<T>(
  tools: S3Tools,
  key: ObjectKey,
  reader: (answer: StoredAnswer) => Promise<T>,
  signal: AbortSignal,
  range: AskedRange,
): Promise<T | undefined> {
  signal.throwIfAborted();
  for (let look = 1; look <= MAX_LOOKS; look += 1) {
    try {
      return await new S3Get(tools, key, reader, signal, range).send();
    } catch (error) {
      if (!(error instanceof Outside)) throw error;
    }
    const head = await s3Head(tools, key, signal);
    if (head === undefined) return undefined;
    // An object that has some of the range was put there after the refusal.
    if (partOf(range, head.object.size) === 'none') return reader(emptyAnswer(head.object));
  }
  const what = `bucket ${tools.bucket} could not read ${JSON.stringify(key)}`;
  const line = `${what}: it answers 416 to a range that the object has bytes of; run again`;
  throw new Failure('BUCKET_REFUSED', line, { status: 416 });
}
