import type { WriteResult } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { Headers } from '../model/ports.ts';
import { requestIdIn } from '../s3/request-id.ts';
import { S3Error } from '../s3/s3-error.ts';
import { slicedDigest } from '../s3/sliced-digest.ts';
import { isSameObject } from './s3-same-object.ts';
import { digestHeader } from './s3-digest.ts';
import { hidesMd5, judgeEtag, quotedEtag } from './s3-etag.ts';
import { s3Head } from './s3-head.ts';
import { writeHeaders } from './s3-headers.ts';
import { asBucketFailure, keyInStore } from './s3-tools.ts';
import type { S3Tools, S3WriteRequest } from './s3-tools.ts';

/** The most that one PUT may carry, in bytes (AWS S3 API Reference, PutObject). */
export const MAX_PUT_BYTES = 5 * 1024 ** 3;

/** Whether the store refused a conditional write because the key is taken. */
export const isPreconditionFailed = (error: unknown): error is S3Error =>
  error instanceof S3Error && error.status === 412;

/** Whether a write that must not replace anything has lost already, as far as a look can tell. */
export async function isTaken(tools: S3Tools, request: S3WriteRequest): Promise<boolean> {
  return (await s3Head(tools, request.key, request.signal)) !== undefined;
}

/** Sends the object and gives the headers of the answer. */
async function send(
  tools: S3Tools,
  request: S3WriteRequest,
  body: Uint8Array,
  md5: Buffer,
  condition: Headers,
): Promise<Headers> {
  const { key, metadata, options, signal } = request;
  const headers = {
    ...writeHeaders(key, metadata, options, tools.objects),
    ...digestHeader(tools.checksum, body, md5),
    ...condition,
  };
  const whole = keyInStore(tools, key);
  return tools.store.send(
    { method: 'PUT', key: whole, query: [], headers, body },
    (response) => Promise.resolve(response.headers),
    signal,
  );
}

/** What the store's answer proves, and if that is nothing, what a HEAD shows. */
async function confirm(
  tools: S3Tools,
  request: S3WriteRequest,
  body: Uint8Array,
  md5: string,
  answer: Headers,
): Promise<string> {
  const { key, metadata, signal } = request;
  const etag = quotedEtag(answer['etag']);
  const verdict = judgeEtag(etag, md5, hidesMd5(answer));
  if (etag !== undefined && (verdict === 'same' || verdict === 'opaque')) return etag;
  const requestId = requestIdIn(answer);
  const what = `bucket ${tools.bucket} said it stored ${JSON.stringify(key)}`;
  const advice =
    "what is there now can't be trusted; copy the object again with --overwrite always";
  if (verdict === 'other') {
    const why = `with ETag ${String(etag)}, but the MD5 of the ${body.length} bytes sent is "${md5}"`;
    throw new Failure('BUCKET_REFUSED', `${what} ${why}; ${advice}`, { requestId });
  }
  const head = await s3Head(tools, key, signal);
  const sent = { sizeBytes: body.length, etag: md5, metadata };
  if (head !== undefined && isSameObject(head, sent, 'own')) return head.object.etag;
  const got =
    head === undefined ? 'nothing' : `${head.object.size} bytes with ETag ${head.object.etag}`;
  const why = `without an ETag, and a look found ${got}, expected ${body.length} bytes with ETag "${md5}"`;
  throw new Failure('BUCKET_REFUSED', `${what} ${why}; ${advice}`, { requestId });
}

/**
 * The key was taken. If the request had gone out more than once, by ourselves perhaps: an answer
 * was lost, and what is there is what was sent.
 */
async function afterRefusal(
  tools: S3Tools,
  request: S3WriteRequest,
  body: Uint8Array,
  md5: string,
  refusal: S3Error,
): Promise<WriteResult> {
  if (refusal.attempts <= 1) return { outcome: 'exists' };
  const { key, metadata, signal } = request;
  const head = await s3Head(tools, key, signal);
  // Gone again: then it must not count as there.
  if (head === undefined) throw asBucketFailure(refusal, tools, key, 'store', signal);
  const sent = { sizeBytes: body.length, etag: md5, metadata };
  if (!isSameObject(head, sent, 'anybody')) return { outcome: 'exists' };
  return { outcome: 'stored', etag: head.object.etag };
}

/**
 * Stores an object by one PUT and checks the answer: an ETag that is an MD5 must be that of the
 * bytes. Where the store has no conditional writes, `ifAbsent` looks for the object just before;
 * a writer between the look and the PUT is then replaced.
 * @throws Failure `BUCKET_*`, `KEY_INVALID`, `METADATA_TOO_LARGE`; the signal's reason.
 */
export async function s3Put(
  tools: S3Tools,
  request: S3WriteRequest,
  body: Uint8Array,
): Promise<WriteResult> {
  const { key, options, signal } = request;
  signal.throwIfAborted();
  const conditional = options.ifAbsent && (await tools.conditional.supported(signal));
  if (options.ifAbsent && !conditional && (await isTaken(tools, request))) {
    return { outcome: 'exists' };
  }
  const md5 = await slicedDigest('md5', body);
  const hex = md5.toString('hex');
  let result: WriteResult;
  try {
    const condition = conditional ? { 'if-none-match': '*' } : {};
    const answer = await send(tools, request, body, md5, condition);
    result = { outcome: 'stored', etag: await confirm(tools, request, body, hex, answer) };
  } catch (error) {
    if (!conditional || !isPreconditionFailed(error)) {
      throw asBucketFailure(error, tools, key, 'store', signal);
    }
    result = await afterRefusal(tools, request, body, hex, error);
  }
  if (result.outcome === 'stored') tools.onBoundary('bucket.committed');
  return result;
}
