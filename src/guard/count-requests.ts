import type { Bucket } from '../model/bucket.ts';

export interface CountedBucket {
  readonly bucket: Bucket;
  /** Calls of the bucket so far that reach it: each page of a list, and an upload's start and end. */
  readonly count: () => number;
}

/** Counts what a run asks of its bucket, for the summary. */
export function countBucketRequests(bucket: Bucket): CountedBucket {
  let requests = 0;
  const counted: Bucket = {
    name: bucket.name,
    head(key, signal) {
      requests += 1;
      return bucket.head(key, signal);
    },
    async read(key, reader, signal, options) {
      requests += 1;
      return bucket.read(key, reader, signal, options);
    },
    async *list(range, signal) {
      for await (const page of bucket.list(range, signal)) {
        requests += 1;
        yield page;
      }
    },
    putBytes(key, bytes, metadata, options, signal) {
      requests += 1;
      return bucket.putBytes(key, bytes, metadata, options, signal);
    },
    async openUpload(key, metadata, options, signal) {
      requests += 1;
      const upload = await bucket.openUpload(key, metadata, options, signal);
      return {
        write: (chunk) => upload.write(chunk),
        async commit() {
          requests += 1;
          return upload.commit();
        },
        async abort() {
          requests += 1;
          return upload.abort();
        },
        lasting: upload.lasting,
      };
    },
    async abandonUpload(key, token, signal) {
      requests += 1;
      await bucket.abandonUpload(key, token, signal);
    },
  };
  return { bucket: counted, count: () => requests };
}
