import { randomUUID } from 'node:crypto';
import type {
  Bucket,
  LastingOptions,
  StoredObject,
  Upload,
  WriteOptions,
  WriteResult,
} from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';

/** A bucket in memory, for tests of what stands in front of a bucket. */
export interface MemoryBucket extends Bucket {
  readonly contents: Map<string, Buffer>;
  /** Bytes of uploads that were left for a later run, by token. */
  readonly suspended: Map<string, Buffer>;
  /** Uploads that were neither committed nor aborted. */
  readonly openUploads: () => number;
}

/** @param markEvery bytes between two marks; absent: no upload outlives its run */
export function memoryBucket({ markEvery }: { markEvery?: number } = {}): MemoryBucket {
  const contents = new Map<string, Buffer>();
  const suspended = new Map<string, Buffer>();
  let open = 0;

  const stored = (key: string, bytes: Buffer): StoredObject => ({
    key: objectKey(key),
    size: bytes.length,
    etag: '"memory"',
    lastModifiedMs: 0,
    headers: {},
    metadata: {},
  });
  const put = (key: string, bytes: Buffer, { ifAbsent }: WriteOptions): WriteResult => {
    if (ifAbsent && contents.has(key)) return { outcome: 'exists' };
    contents.set(key, bytes);
    return { outcome: 'stored', etag: '"memory"' };
  };
  const plainUpload = (key: string, options: WriteOptions, chunks: Buffer[] = []): Upload => {
    open += 1;
    return {
      write: (chunk) => {
        chunks.push(Buffer.from(chunk));
      },
      commit: () => {
        open -= 1;
        return Promise.resolve(put(key, Buffer.concat(chunks), options));
      },
      abort: () => {
        open -= 1;
        return Promise.resolve('gone');
      },
    };
  };
  const lastingUpload = async (
    key: string,
    options: WriteOptions,
    { resume, onMark }: LastingOptions,
    every: number,
  ): Promise<Upload> => {
    const resumed = suspended.get(resume?.token ?? '');
    const startsAt = resumed === undefined ? 0 : (resume?.bytes ?? 0);
    const chunks = resumed === undefined ? [] : [resumed.subarray(0, startsAt)];
    const upload = plainUpload(key, options, chunks);
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
    read: () => Promise.reject(new Error('no test reads a memory bucket')),
    list: () => {
      throw new Error('no test lists a memory bucket');
    },
    putBytes: (key, bytes, _metadata, options) =>
      Promise.resolve(put(key, Buffer.from(bytes), options)),
    openUpload: async (key, _metadata, options) =>
      options.lasting === undefined || markEvery === undefined
        ? plainUpload(key, options)
        : lastingUpload(key, options, options.lasting, markEvery),
    abandonUpload: (_key, token) => {
      suspended.delete(token);
      return Promise.resolve();
    },
  };
}
