import { S3Error } from './s3-error.ts';

/** An answer of status 200 that is not what was asked for. */
export function brokenAnswer(said: string, code = 'InvalidAnswer'): S3Error {
  return new S3Error({
    code,
    status: 200,
    said,
    requestId: undefined,
    retryAfterMs: undefined,
    region: undefined,
    attempts: 1,
  });
}
