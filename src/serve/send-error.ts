import { Failure, FatalError, Interrupted } from '../model/failure.ts';
import type { Headers } from '../model/ports.ts';
import { errorAnswer } from './client/error-answer.ts';
import type { Exchange } from './serving.ts';
import { LargerThanSpool, SpoolFull } from './spool/spool-full.ts';

/** An error of S3 as it is going to be told. */
export interface ErrorWords {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
  readonly headers?: Headers | undefined;
}

/** Answers an error; where something of another answer was sent already, breaks the connection. */
export function sendError({ request, client, id }: Exchange, words: ErrorWords): void {
  if (client.begun) {
    client.break();
    return;
  }
  const resource = `/${request.key}`;
  const answer = errorAnswer(request.method, { ...words, resource, requestId: id });
  client.head(answer.status, answer.headers);
  client.end(answer.body);
}

/** The origin's body broke off, or was another one, when the client had some of it. */
export class BrokenOff extends Error {
  override readonly name = 'BrokenOff';
}

/** What is fatal to a run is one request's failure to a proxy. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof BrokenOff && error.cause instanceof Failure) return error.cause;
  if (error instanceof Interrupted) {
    const why = error.cause instanceof Error ? error.cause.message : String(error.cause);
    return new Failure('ORIGIN_UNREACHABLE', `the fetch was ended: ${why}`, { cause: error });
  }
  if (error instanceof LargerThanSpool) {
    return new Failure('BUCKET_REFUSED', error.message, { cause: error });
  }
  // As for a bucket that takes no more now: others go on, and the client may come again.
  if (error instanceof SpoolFull) {
    return new Failure('BUCKET_THROTTLED', error.message, { cause: error });
  }
  if (error instanceof FatalError) {
    const code = error.kind === 'origins-unusable' ? 'ORIGIN_UNREACHABLE' : 'BUCKET_UNREACHABLE';
    return new Failure(code, error.message, { cause: error });
  }
  const message = `a bug of bucketfill, please report it: ${String(error)}`;
  return new Failure('INTERNAL', message, { cause: error });
}
