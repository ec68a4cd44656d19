import { createHash } from 'node:crypto';
import type { Clock } from '../../src/model/ports.ts';
import { S3Error } from '../../src/s3/s3-error.ts';
import type { S3Request, S3Response, S3Store, UploadedPart } from '../../src/s3/s3-store.ts';

/** An S3 store in this process, whose every write takes the same time of a clock. */
export interface SlowStore extends S3Store {
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Parts of the uploads that are neither completed nor aborted, by upload and number. */
  readonly uploads: ReadonlyMap<string, ReadonlyMap<number, Buffer>>;
}

const quoted = (md5: Buffer): string => `"${md5.toString('hex')}"`;
const md5Of = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest();

function noSuch(code: string): S3Error {
  return new S3Error({
    ...{ code, status: 404, said: '', requestId: undefined, retryAfterMs: undefined },
    ...{ region: undefined, attempts: 1 },
  });
}

/** @param writeMs how long a part, or an object in one PUT, is on its way */
export function slowStore(clock: Pick<Clock, 'sleep'>, writeMs: number): SlowStore {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  let ids = 0;
  const partsOf = (uploadId: string): Map<number, Buffer> => {
    const parts = uploads.get(uploadId);
    if (parts === undefined) throw noSuch('NoSuchUpload');
    return parts;
  };
  const perform = async (request: S3Request, signal: AbortSignal): Promise<string> => {
    const { method, key = '', body = new Uint8Array(0) } = request;
    if (method === 'HEAD' && !objects.has(key)) throw noSuch('NoSuchKey');
    if (method === 'HEAD') return '"looked up"';
    await clock.sleep(writeMs, signal);
    const query = new Map(request.query);
    const uploadId = query.get('uploadId');
    const bytes = Buffer.from(body);
    if (uploadId === undefined) objects.set(key, bytes);
    else partsOf(uploadId).set(Number(query.get('partNumber')), bytes);
    return quoted(md5Of(bytes));
  };
  return {
    name: 's3://bucket/',
    signsBodies: false,
    objects,
    uploads,
    requests: () => 0,
    close: () => Promise.resolve(),
    send: async (request, reader, signal) =>
      reader(answer(await perform(request, signal), objects.get(request.key ?? ''))),
    control: {
      createUpload: () => {
        const id = `upload ${(ids += 1)}`;
        uploads.set(id, new Map());
        return Promise.resolve(id);
      },
      completeUpload: (key, uploadId, parts) => {
        const there = partsOf(uploadId);
        const bytes = parts.map(({ number }) => there.get(number) ?? Buffer.alloc(0));
        objects.set(key, Buffer.concat(bytes));
        uploads.delete(uploadId);
        const etag = md5Of(Buffer.concat(bytes.map(md5Of))).toString('hex');
        return Promise.resolve(`"${etag}-${parts.length}"`);
      },
      abortUpload: (_key, uploadId) => {
        partsOf(uploadId);
        uploads.delete(uploadId);
        return Promise.resolve();
      },
      listParts: async (_key, uploadId) => Promise.resolve(listed(partsOf(uploadId))),
      headBucket: () => Promise.resolve(),
    },
  };
}

function listed(parts: ReadonlyMap<number, Buffer>): readonly UploadedPart[] {
  const all = Array.from(parts, ([number, bytes]) => ({ number, etag: quoted(md5Of(bytes)) }));
  return all.toSorted((a, b) => a.number - b.number);
}

function answer(etag: string, object: Buffer | undefined): S3Response {
  const unread = (): Promise<never> => Promise.reject(new Error('no answer here has a body'));
  return {
    status: 200,
    headers: { etag, 'last-modified': 'Fri, 20 Nov 2026 04:00:00 GMT' },
    setCookies: [],
    length: object?.length ?? 0,
    framing: 'length',
    attempts: 1,
    bytes: unread,
    pipeTo: unread,
  };
}
