import { describe, expect, it } from 'vitest';

import { Failure, FatalError, type FailureCode } from '../../src/model/failure.ts';
import { bucketFailure, originFailure } from '../../src/s3/explain-s3-error.ts';
import { ADVICE_BY_CODE } from '../../src/s3/s3-error-advice.ts';
import { S3Error, type S3ErrorDetails } from '../../src/s3/s3-error.ts';

const refused = (code: string, status: number, more: Partial<S3ErrorDetails> = {}): S3Error =>
  new S3Error({
    code,
    status,
    said: 'told so',
    requestId: 'R1',
    retryAfterMs: undefined,
    region: undefined,
    attempts: 1,
    ...more,
  });

const SUBJECT = { bucket: 's3://b/', key: 'a/b', doing: 'store' };

const FATAL = 'bucket-unusable';

describe("a store's refusal", () => {
  it.each<[code: string, status: number, ofBucket: string, ofOrigin: FailureCode, line: RegExp]>([
    ['AccessDenied', 403, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /grant s3:PutObject/],
    ['AllAccessDisabled', 403, FATAL, 'ORIGIN_UNREACHABLE', /account's owner/],
    ['AccountProblem', 403, FATAL, 'ORIGIN_UNREACHABLE', /account's owner/],
    [
      'SignatureDoesNotMatch',
      403,
      'BUCKET_REFUSED',
      'ORIGIN_UNREACHABLE',
      /check the secret access key/,
    ],
    ['InvalidAccessKeyId', 403, FATAL, 'ORIGIN_UNREACHABLE', /does not know the access key id/],
    ['InvalidToken', 400, FATAL, 'ORIGIN_UNREACHABLE', /session token/],
    ['ExpiredToken', 400, FATAL, 'ORIGIN_UNREACHABLE', /expired: renew it/],
    ['RequestTimeTooSkewed', 403, FATAL, 'ORIGIN_UNREACHABLE', /set the clock/],
    ['NoSuchBucket', 404, FATAL, 'ORIGIN_UNREACHABLE', /does not exist there: check its name/],
    ['NoSuchKey', 404, 'BUCKET_REFUSED', 'ORIGIN_NOT_FOUND', /no such object/],
    ['NotFound', 404, 'BUCKET_REFUSED', 'ORIGIN_NOT_FOUND', /no such object/],
    ['NoSuchUpload', 404, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /upload is gone.*run again/],
    ['InvalidPart', 400, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /a part is not there/],
    ['InvalidPartOrder', 400, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /not in order/],
    ['EntityTooLarge', 400, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /multipart\.threshold/],
    ['EntityTooSmall', 400, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /partSize` to 5MiB/],
    ['InvalidStorageClass', 400, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /correct `storageClass`/],
    ['KeyTooLong', 400, 'KEY_INVALID', 'ORIGIN_STATUS', /1,024 bytes/],
    ['KeyTooLongError', 400, 'KEY_INVALID', 'ORIGIN_STATUS', /1,024 bytes/],
    ['MetadataTooLarge', 400, 'METADATA_TOO_LARGE', 'ORIGIN_STATUS', /store\.userMetadata: false/],
    ['InvalidTag', 400, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /store\.tags/],
    ['BadDigest', 400, 'BUCKET_UNREACHABLE', 'ORIGIN_STATUS', /differs from what was sent/],
    ['InvalidDigest', 400, 'BUCKET_UNREACHABLE', 'ORIGIN_STATUS', /differs from what was sent/],
    ['XAmzContentSHA256Mismatch', 400, 'BUCKET_UNREACHABLE', 'ORIGIN_STATUS', /differs from what/],
    ['IncompleteBody', 400, 'BUCKET_UNREACHABLE', 'ORIGIN_STATUS', /differs from what was sent/],
    ['MissingContentLength', 411, 'BUCKET_UNREACHABLE', 'ORIGIN_STATUS', /the length got lost/],
    ['InvalidRequest', 400, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /see what it says/],
    ['InvalidArgument', 400, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /see what it says/],
    ['NotImplemented', 501, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /leave out what it lacks/],
    ['MethodNotAllowed', 405, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /leave out what it lacks/],
    ['PermanentRedirect', 301, FATAL, 'ORIGIN_UNREACHABLE', /set `region`/],
    ['AuthorizationHeaderMalformed', 400, FATAL, 'ORIGIN_UNREACHABLE', /check `region`/],
    ['InvalidObjectState', 403, 'BUCKET_REFUSED', 'ORIGIN_ARCHIVED', /restore it first/],
    ['RestoreAlreadyInProgress', 409, 'BUCKET_REFUSED', 'ORIGIN_ARCHIVED', /being restored/],
    ['SlowDown', 503, 'BUCKET_THROTTLED', 'ORIGIN_STATUS', /lower --concurrency/],
    ['ServiceUnavailable', 503, 'BUCKET_THROTTLED', 'ORIGIN_STATUS', /lower --concurrency/],
    ['TooManyRequests', 429, 'BUCKET_THROTTLED', 'ORIGIN_STATUS', /lower --concurrency/],
    ['Unheard', 509, 'BUCKET_THROTTLED', 'ORIGIN_STATUS', /lower --concurrency/],
    ['Unheard', 524, 'BUCKET_THROTTLED', 'ORIGIN_STATUS', /lower --concurrency/],
    ['InternalError', 500, 'BUCKET_UNREACHABLE', 'ORIGIN_STATUS', /failed by itself/],
    ['BadGateway', 502, 'BUCKET_UNREACHABLE', 'ORIGIN_STATUS', /check that proxy/],
    ['Unheard', 599, 'BUCKET_UNREACHABLE', 'ORIGIN_STATUS', /failed by itself/],
    ['QuotaExceeded', 403, FATAL, 'ORIGIN_STATUS', /quota is used up/],
    ['XMinioStorageFull', 507, FATAL, 'ORIGIN_STATUS', /quota is used up/],
    ['XMinioAdminBucketQuotaExceeded', 400, FATAL, 'ORIGIN_STATUS', /quota is used up/],
    ['InsufficientStorage', 500, FATAL, 'ORIGIN_STATUS', /quota is used up/],
    ['InternalError', 507, FATAL, 'ORIGIN_STATUS', /quota is used up/],
    ['Unheard', 507, FATAL, 'ORIGIN_STATUS', /quota is used up/],
    ['KMS.NotFoundException', 400, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /KMS key/],
    ['KMS.ThrottlingException', 400, 'BUCKET_THROTTLED', 'ORIGIN_STATUS', /lower --concurrency/],
    ['InvalidBucketName', 400, FATAL, 'ORIGIN_UNREACHABLE', /check `bucket.url`/],
    ['OperationAborted', 409, 'BUCKET_UNREACHABLE', 'ORIGIN_STATUS', /run again/],
    ['PreconditionFailed', 412, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /not what was expected/],
    ['ObjectLocked', 403, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /object lock/],
    ['InvalidListing', 200, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /nothing is concluded/],
    ['Unheard', 418, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /see what it says/],
    ['constructor', 400, 'BUCKET_REFUSED', 'ORIGIN_STATUS', /see what it says/],
  ])('%s (%d) is %s of a bucket and %s of an origin', (code, status, ofBucket, ofOrigin, line) => {
    const error = refused(code, status);
    const bucket = bucketFailure(error, SUBJECT);
    const origin = originFailure(error, SUBJECT);
    if (ofBucket === FATAL) expect(bucket).toMatchObject({ name: 'FatalError', kind: FATAL });
    else expect(bucket).toMatchObject({ name: 'Failure', code: ofBucket, status });
    const told = ofOrigin === 'ORIGIN_UNREACHABLE' ? undefined : status;
    expect(origin).toMatchObject({ name: 'Failure', code: ofOrigin });
    if (status >= 300) expect((origin as Failure).status).toBe(told);
    for (const given of [bucket, origin]) {
      const { message, cause } = given as Error;
      expect(message).toMatch(line);
      expect(message).toContain(`could not store "a/b": ${code} (${status}, request R1)`);
      expect(message).toContain('it says "told so"');
      expect(message).not.toMatch(/[\r\n]/);
      expect(cause).toBe(error);
    }
  });

  it('keeps how long to stay away, its status, and what the store calls the request', () => {
    const error = refused('SlowDown', 503, { retryAfterMs: 7000, attempts: 4 });
    const expected = { retryAfterMs: 7000, status: 503, requestId: 'R1' };
    expect(bucketFailure(error, SUBJECT)).toMatchObject(expected);
    expect(originFailure(error, SUBJECT)).toMatchObject(expected);
    expect((bucketFailure(error, SUBJECT) as Error).message).toContain('4 requests');
  });

  it('of a signature is fatal where the bucket itself is asked', () => {
    const subject = { bucket: 's3://b/', doing: 'be used' };
    expect(bucketFailure(refused('SignatureDoesNotMatch', 403), subject)).toMatchObject({
      kind: FATAL,
      message: expect.stringMatching(/^bucket s3:\/\/b\/ could not be used: Sig/) as string,
    });
  });

  it('by a bare 403 is explained as telling neither presence nor absence', () => {
    const { message } = bucketFailure(refused('AccessDenied', 403, { said: '' }), SUBJECT) as Error;
    expect(message).toMatch(/neither that the object is there nor that it is not.*s3:ListBucket/);
  });

  it('that names another endpoint shows it', () => {
    const error = refused('PermanentRedirect', 301, { endpoint: 'b.s3.example' });
    expect((bucketFailure(error, SUBJECT) as Error).message).toContain('it names "b.s3.example"');
  });

  it('never has an advice that ends like a sentence or breaks the line', () => {
    for (const { advice } of Object.values(ADVICE_BY_CODE)) expect(advice).not.toMatch(/[.\n]$/);
  });
});

describe('a failure of the network', () => {
  it.each<[FailureCode, string]>([
    ['ORIGIN_UNREACHABLE', 'BUCKET_UNREACHABLE'],
    ['ORIGIN_TIMEOUT', 'BUCKET_UNREACHABLE'],
    ['LENGTH_MISMATCH', 'BUCKET_UNREACHABLE'],
  ])('%s is %s of a bucket, and stays as it is of an origin', (code, ofBucket) => {
    const failure = new Failure(code, 'GET http://h/: gone');
    const given = bucketFailure(failure, SUBJECT);
    expect(given).toMatchObject({ code: ofBucket, cause: failure });
    expect((given as Error).message).toBe(
      'bucket s3://b/ could not store "a/b": GET http://h/: gone',
    );
    expect(originFailure(failure, SUBJECT)).toBe(failure);
  });

  it('because the address may not be dialled ends the run', () => {
    const failure = new Failure('ADDRESS_REFUSED', 'h is a private address: set `allowPrivate`');
    expect(bucketFailure(failure, SUBJECT)).toMatchObject({ kind: FATAL });
  });

  it.each([
    new Failure('BUCKET_REFUSED', 'x'),
    new Failure('DIGEST_MISMATCH', 'x'),
    new FatalError('usage', 'x'),
    new Error('x'),
    'SIGINT',
    undefined,
  ])('is told apart from %s, which comes back as it is', (error) => {
    expect(bucketFailure(error, SUBJECT)).toBe(error);
    expect(originFailure(error, SUBJECT)).toBe(error);
  });
});
