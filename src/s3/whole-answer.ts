import type { Clock, Headers } from '../model/ports.ts';
import { errorInSuccess } from './parse-s3-error.ts';
import type { S3Lane } from './s3-lane.ts';
import type { S3Request } from './s3-store.ts';

/** Answers of seldom calls are read up to here; a listing of 1,000 parts has 300 KB. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** An answer that was read to its end. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/**
 * Sends a request and reads its answer. An error in the body of an answer with status 200 is an error
 * like any other, and repeated like any other. Throws as `S3Lane.sendWhole`.
 */
export function wholeAnswer(
  lane: Pick<S3Lane, 'sendWhole' | 'mask'>,
  clock: Pick<Clock, 'now'>,
  request: S3Request,
  signal: AbortSignal,
): Promise<WholeAnswer> {
  const read = async (response: Parameters<Parameters<S3Lane['sendWhole']>[1]>[0]) => {
    const body = await response.bytes(MAX_ANSWER_BYTES);
    const { status, headers, attempts } = response;
    const error = errorInSuccess(headers, body, clock.now(), attempts, lane.mask);
    if (error !== undefined) throw error;
    return { status, headers, body };
  };
  return lane.sendWhole(request, read, signal);
}
