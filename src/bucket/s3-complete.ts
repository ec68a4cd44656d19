import { createHash } from 'node:crypto';

import type { WriteResult } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import { S3Error } from '../s3/s3-error.ts';
import { judgeEtag, quotedEtag } from './s3-etag.ts';
import { s3Head } from './s3-head.ts';
import type { S3Head } from './s3-head.ts';
import type { SentPart } from './s3-parts.ts';
import { isPreconditionFailed, isTaken } from './s3-put.ts';
import { isSameObject } from './s3-same-object.ts';
import { keyInStore } from './s3-tools.ts';
import type { S3Tools, S3WriteRequest } from './s3-tools.ts';
import { isNotImplemented } from './s3-write-probe.ts';

/** An upload of which the store has every part. */
export interface FinishedParts {
  readonly uploadId: string;
  /** By number, at least one. */
  readonly parts: readonly SentPart[];
}

/** The ETag of a multipart object where ETags are MD5s, without quotes. */
function etagOf(parts: readonly SentPart[]): string {
  const md5 = createHash('md5');
  for (const part of parts) md5.update(part.md5);
  return `${md5.digest('hex')}-${parts.length}`;
}

function sizeOf(parts: readonly SentPart[]): number {
  return parts.reduce((bytes, part) => bytes + part.sizeBytes, 0);
}

/**
 * Whether a HEAD after the completion shows the object that the parts make. An ETag that is not
 * the MD5 of the parts' MD5s does not speak against it where the store gave the same one in its
 * answer and the MD5 of each part was right: some stores make up the ETags of multipart objects.
 */
function isCompleted(
  head: S3Head,
  parts: readonly SentPart[],
  answered: string | undefined,
): boolean {
  if (head.object.size !== sizeOf(parts)) return false;
  if (judgeEtag(head.object.etag, etagOf(parts), head.hidesMd5) !== 'other') return true;
  return head.object.etag === answered && parts.every((part) => part.verified);
}

/** The ETag of what was stored, proven by the answer or, where it proves nothing, by a HEAD. */
async function confirm(
  tools: S3Tools,
  { key, signal }: S3WriteRequest,
  parts: readonly SentPart[],
  answer: string | undefined,
): Promise<string> {
  const answered = quotedEtag(answer);
  const expected = etagOf(parts);
  if (answered !== undefined && judgeEtag(answered, expected, false) === 'same') return answered;
  const head = await s3Head(tools, key, signal);
  if (head !== undefined && isCompleted(head, parts, answered)) return head.object.etag;
  const got =
    head === undefined ? 'nothing' : `${head.object.size} bytes with ETag ${head.object.etag}`;
  const what = `bucket ${tools.bucket} said it completed ${JSON.stringify(key)}`;
  const why = `a look found ${got}, expected ${sizeOf(parts)} bytes with ETag "${expected}"`;
  const advice =
    "what is there now can't be trusted; copy the object again with --overwrite always";
  throw new Failure('BUCKET_REFUSED', `${what}, but ${why}; ${advice}`);
}

/**
 * What became of an upload whose completion was refused, perhaps because an earlier request for it
 * had succeeded and its answer was lost.
 * @returns undefined where there is no object
 */
async function findOut(
  tools: S3Tools,
  { key, metadata, signal }: S3WriteRequest,
  parts: readonly SentPart[],
): Promise<WriteResult | undefined> {
  const head = await s3Head(tools, key, signal);
  if (head === undefined) return undefined;
  const sent = { sizeBytes: sizeOf(parts), etag: etagOf(parts), metadata };
  if (!isSameObject(head, sent, 'anybody')) return { outcome: 'exists' };
  return { outcome: 'stored', etag: head.object.etag };
}

/** Completes the upload; a store that has the condition on PUT only is asked again without it. */
async function complete(
  tools: S3Tools,
  { key, signal }: S3WriteRequest,
  { uploadId, parts }: FinishedParts,
  conditional: boolean,
): Promise<string | undefined> {
  const { control } = tools.store;
  const whole = keyInStore(tools, key);
  const list = parts.map(({ number, etag }) => ({ number, etag }));
  try {
    return await control.completeUpload(whole, uploadId, list, conditional, signal);
  } catch (error) {
    if (!conditional || tools.conditional.mode === 'always' || !isNotImplemented(error)) {
      throw error;
    }
    return control.completeUpload(whole, uploadId, list, false, signal);
  }
}

/** What a refused completion amounts to. @throws the refusal, where it is a failure. */
async function afterRefusal(
  tools: S3Tools,
  request: S3WriteRequest,
  parts: readonly SentPart[],
  conditional: boolean,
  refusal: unknown,
): Promise<WriteResult> {
  const isTakenNow = conditional && isPreconditionFailed(refusal);
  if (isTakenNow && refusal.attempts <= 1) return { outcome: 'exists' };
  const isGone = refusal instanceof S3Error && refusal.code === 'NoSuchUpload';
  if (!isTakenNow && !isGone) throw refusal;
  const found = await findOut(tools, request, parts);
  // An upload that is gone may have been ended by others; what is there then is none of ours.
  if (found === undefined || (isGone && found.outcome === 'exists')) throw refusal;
  return found;
}

/**
 * Makes an object of the parts. `ifAbsent` looks for an object first, also where writes are
 * conditional: stores exist that honour the condition on PUT and overlook it here. Where an answer
 * was lost and a repetition is told that the upload is gone, or the key taken, a HEAD decides.
 * Throws as `S3Control`, and Failure `BUCKET_REFUSED` where what is stored is not what was sent.
 */
export async function s3Complete(
  tools: S3Tools,
  request: S3WriteRequest,
  finished: FinishedParts,
): Promise<WriteResult> {
  const { options, signal } = request;
  if (options.ifAbsent && (await isTaken(tools, request))) return { outcome: 'exists' };
  const conditional = options.ifAbsent && (await tools.conditional.supported(signal));
  const { parts } = finished;
  let answer: string | undefined;
  try {
    answer = await complete(tools, request, finished, conditional);
  } catch (error) {
    return afterRefusal(tools, request, parts, conditional, error);
  }
  return { outcome: 'stored', etag: await confirm(tools, request, parts, answer) };
}
