import type {
  Bucket,
  StoredObject,
  Upload,
  WriteOptions,
  WriteResult,
} from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';

/** A bucket in memory, for tests of what stands in front of a bucket. */
export interface MemoryBucket extends Bucket {
  readonly contents: Map<string, Buffer>;
  /** Uploads that were neither committed nor aborted. */
  readonly openUploads: () => number;
}

export function memoryBucket(): MemoryBucket {
  const contents = new Map<string, Buffer>();
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
  const upload = (key: string, options: WriteOptions): Upload => {
    const chunks: Buffer[] = [];
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
        return Promise.resolve();
      },
    };
  };
  return {
    name: 'memory:',
    contents,
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
    openUpload: (key, _metadata, options) => Promise.resolve(upload(key, options)),
  };
}
