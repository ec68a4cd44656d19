import { hash } from 'node:crypto';

import type { WriteResult } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Headers } from '../model/ports.ts';
import { THREAD_BYTES } from '../s3/large-digests.ts';
import { requestIdIn } from '../s3/request-id.ts';
import { S3Error } from '../s3/s3-error.ts';
import type { S3Request, S3Response } from '../s3/s3-store.ts';
import { isSameObject } from './s3-same-object.ts';
import { setDigest } from './s3-digest.ts';
import { hidesMd5, judgeEtag, quotedEtag } from './s3-etag.ts';
import { s3Head } from './s3-head.ts';
import { writeHeaders } from './s3-headers.ts';
import { asBucketFailure, keyInStore } from './s3-tools.ts';
import type { S3Tools, S3WriteRequest } from './s3-tools.ts';
import { uploadDigests } from './upload-digests.ts';

/** The most that one PUT may carry, in bytes (AWS S3 API Reference, PutObject). */
export const MAX_PUT_BYTES = 5 * 1024 ** 3;

/** Whether the store refused a conditional write because the key is taken. */
export const isPreconditionFailed = (error: unknown): error is S3Error =>
  error instanceof S3Error && error.status === 412;

/** Whether a write that must not replace anything has lost already, as far as a look can tell. */
export async function isTaken(tools: S3Tools, request: S3WriteRequest): Promise<boolean> {
  return (await s3Head(tools, request.key, request.signal)) !== undefined;
}

const NO_QUERY: S3Request['query'] = [];

const headersOf = (response: S3Response): Promise<Headers> => Promise.resolve(response.headers);

/**
 * Sends the object and gives the headers of the answer.
 * @param md5 of the body, hex digits, as everywhere here
 * @param sha256 of the body, where it is there already
 */
function send(
  tools: S3Tools,
  { key, metadata, options, signal }: S3WriteRequest,
  body: Uint8Array,
  md5: string,
  sha256: string | undefined,
  conditional: boolean,
): Promise<Headers> {
  const headers = writeHeaders(key, metadata, options, tools.objects);
  setDigest(headers, tools.checksum, body, md5);
  if (conditional) headers['if-none-match'] = '*';
  const whole = keyInStore(tools, key);
  const request = {
    method: 'PUT',
    key: whole,
    query: NO_QUERY,
    headers,
    body,
    bodySha256: sha256,
  } as const;
  return tools.store.send(request, headersOf, signal);
}

/** The ETag of an answer that proves what was stored; undefined where it has none. */
function provenEtag(
  tools: S3Tools,
  key: ObjectKey,
  body: Uint8Array,
  md5: string,
  answer: Headers,
): string | undefined {
  const etag = quotedEtag(answer['etag']);
  if (judgeEtag(etag, md5, hidesMd5(answer)) !== 'other') return etag;
  const why = `with ETag ${String(etag)}, but the MD5 of the ${body.length} bytes sent is "${md5}"`;
  throw untrusted(tools, key, answer, why);
}

/** Looks for what an answer without an ETag says that it stored. */
async function confirm(
  tools: S3Tools,
  { key, metadata, signal }: S3WriteRequest,
  body: Uint8Array,
  md5: string,
  answer: Headers,
): Promise<string> {
  const head = await s3Head(tools, key, signal);
  const sent = { sizeBytes: body.length, etag: md5, metadata };
  if (head !== undefined && isSameObject(head, sent, 'own')) return head.object.etag;
  const got =
    head === undefined ? 'nothing' : `${head.object.size} bytes with ETag ${head.object.etag}`;
  const why = `without an ETag, and a look found ${got}, expected ${body.length} bytes with ETag "${md5}"`;
  throw untrusted(tools, key, answer, why);
}

function untrusted({ bucket }: S3Tools, key: ObjectKey, answer: Headers, why: string): Failure {
  const requestId = requestIdIn(answer);
  const what = `bucket ${bucket} said it stored ${JSON.stringify(key)}`;
  const advice =
    "what is there now can't be trusted; copy the object again with --overwrite always";
  return new Failure('BUCKET_REFUSED', `${what} ${why}; ${advice}`, { requestId });
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
  const { known } = tools.conditional;
  const conditional = options.ifAbsent && (known ?? (await tools.conditional.supported(signal)));
  if (options.ifAbsent && !conditional && (await isTaken(tools, request))) {
    return { outcome: 'exists' };
  }
  let md5: string;
  let sha256: string | undefined;
  if (body.length < THREAD_BYTES) {
    md5 = hash('md5', body, 'hex');
  } else {
    const digests = await uploadDigests(body, tools.store.signsBodies);
    md5 = digests.md5.toString('hex');
    ({ sha256 } = digests);
  }
  let result: WriteResult;
  try {
    const answer = await send(tools, request, body, md5, sha256, conditional);
    const etag = provenEtag(tools, key, body, md5, answer);
    result = {
      outcome: 'stored',
      etag: etag ?? (await confirm(tools, request, body, md5, answer)),
    };
  } catch (error) {
    if (!conditional || !isPreconditionFailed(error)) {
      throw asBucketFailure(error, tools, key, 'store', signal);
    }
    result = await afterRefusal(tools, request, body, md5, error);
  }
  if (result.outcome === 'stored') tools.onBoundary('bucket.committed');
  return result;
}
