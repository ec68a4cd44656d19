import { partLength, partOf } from '../../src/model/byte-range.ts';
import { randomUUID } from 'node:crypto';
import type {
  Bucket,
  LastingOptions,
  ObjectMetadata,
  StoredAnswer,
  StoredObject,
  Upload,
  WriteOptions,
  WriteResult,
} from '../../src/model/bucket.ts';
import { Failure } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';

/** A bucket in memory, for tests of what stands in front of a bucket. */
export interface MemoryBucket extends Bucket {
  readonly contents: Map<string, Buffer>;
  /** Bytes of uploads that were left for a later run, by token. */
  readonly suspended: Map<string, Buffer>;
  /** Uploads that were neither committed nor aborted. */
  readonly openUploads: () => number;
}

const NOTHING_BESIDE: ObjectMetadata = { headers: {}, metadata: {} };

/** Bytes that a sink gets at once. */
const CHUNK_BYTES = 64 * 1024;

function answerOf(
  content: Pick<StoredAnswer, 'object' | 'part'>,
  body: Buffer,
  signal: AbortSignal,
): StoredAnswer {
  return {
    ...content,
    bytes: (limit) =>
      body.length <= limit
        ? Promise.resolve(body)
        : Promise.reject(new Failure('LENGTH_MISMATCH', `${body.length} bytes, limit ${limit}`)),
    pipeTo: async (sink) => {
      for (let at = 0; at < body.length; at += CHUNK_BYTES) {
        signal.throwIfAborted();
        await sink(body.subarray(at, at + CHUNK_BYTES));
      }
      return body.length;
    },
  };
}

/** @param markEvery bytes between two marks; absent: no upload outlives its run */
export function memoryBucket({ markEvery }: { markEvery?: number } = {}): MemoryBucket {
  const contents = new Map<string, Buffer>();
  const beside = new Map<string, ObjectMetadata>();
  const suspended = new Map<string, Buffer>();
  let open = 0;

  const stored = (key: string, bytes: Buffer): StoredObject => ({
    key: objectKey(key),
    size: bytes.length,
    etag: '"memory"',
    lastModifiedMs: 0,
    ...(beside.get(key) ?? NOTHING_BESIDE),
  });
  const put = (
    key: string,
    bytes: Buffer,
    metadata: ObjectMetadata,
    { ifAbsent }: WriteOptions,
  ): WriteResult => {
    if (ifAbsent && contents.has(key)) return { outcome: 'exists' };
    contents.set(key, bytes);
    beside.set(key, metadata);
    return { outcome: 'stored', etag: '"memory"' };
  };
  const plainUpload = (
    key: string,
    metadata: ObjectMetadata,
    options: WriteOptions,
    chunks: Buffer[] = [],
  ): Upload => {
    open += 1;
    return {
      write: (chunk) => {
        chunks.push(Buffer.from(chunk));
      },
      commit: () => {
        open -= 1;
        return Promise.resolve(put(key, Buffer.concat(chunks), metadata, options));
      },
      abort: () => {
        open -= 1;
        return Promise.resolve('gone');
      },
    };
  };
  const lastingUpload = async (
    key: string,
    metadata: ObjectMetadata,
    options: WriteOptions,
    { resume, onMark }: LastingOptions,
    every: number,
  ): Promise<Upload> => {
    const resumed = suspended.get(resume?.token ?? '');
    const startsAt = resumed === undefined ? 0 : (resume?.bytes ?? 0);
    const chunks = resumed === undefined ? [] : [resumed.subarray(0, startsAt)];
    const upload = plainUpload(key, metadata, options, chunks);
    const token = resumed === undefined ? randomUUID() : (resume?.token ?? '');
    const mark = async (): Promise<void> => {
      const bytes = Buffer.concat(chunks);
      suspended.set(token, bytes);
      await onMark({ bytes: bytes.length, token });
    };
    if (startsAt === 0) await mark();
    const end = <T>(ending: () => Promise<T>): (() => Promise<T>) => {
      return () => {
        suspended.delete(token);
        return ending();
      };
    };
    const suspend = async (): Promise<void> => {
      await upload.abort();
    };
    return {
      write: (chunk) => {
        chunks.push(Buffer.from(chunk));
        return Buffer.concat(chunks).length % every === 0 ? mark() : undefined;
      },
      commit: end(() => upload.commit()),
      abort: end(() => upload.abort()),
      lasting: { startsAt, markEvery: every, suspend },
    };
  };
  return {
    name: 'memory:',
    contents,
    suspended,
    openUploads: () => open,
    head: (key) => {
      const bytes = contents.get(key);
      return Promise.resolve(bytes && stored(key, bytes));
    },
    read: async (key, reader, signal, options) => {
      signal.throwIfAborted();
      const bytes = contents.get(key);
      if (bytes === undefined) return undefined;
      const object = stored(key, bytes);
      const part = partOf(options?.range, bytes.length);
      const start = typeof part === 'object' ? part.first : 0;
      const body = bytes.subarray(start, start + partLength(part, bytes.length));
      return reader(answerOf({ object, part }, body, signal));
    },
    list: () => {
      throw new Error('no test lists a memory bucket');
    },
    putBytes: (key, bytes, metadata, options) =>
      Promise.resolve(put(key, Buffer.from(bytes), metadata, options)),
    openUpload: async (key, metadata, options) =>
      options.lasting === undefined || markEvery === undefined
        ? plainUpload(key, metadata, options)
        : lastingUpload(key, metadata, options, options.lasting, markEvery),
    abandonUpload: (_key, token) => {
      suspended.delete(token);
      return Promise.resolve();
    },
  };
}
