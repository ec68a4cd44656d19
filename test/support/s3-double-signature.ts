import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { S3Refusal, accessDenied } from './s3-double-error.ts';
import type { DoubleRequest } from './s3-double-request.ts';
import type { DoubleBucket, DoubleKeys } from './s3-double-state.ts';

/** S3 accepts requests that were signed within a quarter of an hour of its own time. */
const MAX_SKEW_MS = 15 * 60_000;

export interface SignatureContext {
  readonly keys: readonly DoubleKeys[];
  readonly region: string;
  readonly nowMs: number;
}

interface Authorization {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/**
 * Who signed a request; undefined where nobody did.
 * @throws S3Refusal as S3 refuses keys, clocks, regions and signatures.
 */
export async function verifySignature(
  request: DoubleRequest,
  bucket: DoubleBucket | undefined,
  context: SignatureContext,
): Promise<DoubleKeys | undefined> {
  const { authorization } = request.headers;
  if (request.query.has('X-Amz-Signature')) throw accessDenied('Query signatures are not accepted');
  if (authorization === undefined) return undefined;
  const claim = parseAuthorization(authorization);
  const keys = context.keys.find((each) => each.accessKeyId === claim.accessKeyId);
  if (keys === undefined) {
    const message = 'The AWS Access Key Id you provided does not exist in our records.';
    throw new S3Refusal(403, 'InvalidAccessKeyId', message, { AWSAccessKeyId: claim.accessKeyId });
  }
  const signingDate = checkDate(request, claim, context.nowMs);
  checkRegion(claim, bucket, context.region);
  checkSignedHeaders(request, claim);
  checkToken(request, keys);
  const expected = await expectedSignature(request, claim, keys, signingDate);
  if (expected !== claim.signature) {
    throw new S3Refusal(
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      { AWSAccessKeyId: keys.accessKeyId, SignatureProvided: claim.signature },
    );
  }
  return keys;
}

function malformed(message: string, region?: string): S3Refusal {
  return new S3Refusal(
    400,
    'AuthorizationHeaderMalformed',
    `The authorization header is malformed; ${message}`,
    region === undefined ? {} : { Region: region },
    region === undefined ? {} : { 'x-amz-bucket-region': region },
  );
}

function parseAuthorization(header: string): Authorization {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  if (match === null) throw malformed('it is not a Signature Version 4 of the service s3.');
  const [, accessKeyId = '', date = '', region = '', headers = '', signature = ''] = match;
  return { accessKeyId, date, region, signedHeaders: headers.split(';'), signature };
}

function checkDate(request: DoubleRequest, claim: Authorization, nowMs: number): Date {
  const given = request.headers['x-amz-date'] ?? '';
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(given);
  if (match === null) throw accessDenied('AWS authentication requires a valid x-amz-date header');
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] = match;
  const signedAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (!given.startsWith(claim.date)) throw malformed('its date is not that of x-amz-date.');
  if (Math.abs(signedAt.getTime() - nowMs) > MAX_SKEW_MS) {
    const message = 'The difference between the request time and the current time is too large.';
    throw new S3Refusal(403, 'RequestTimeTooSkewed', message, {
      RequestTime: given,
      ServerTime: new Date(nowMs).toISOString().replace(/\.\d+/, ''),
      MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
    });
  }
  return signedAt;
}

function checkRegion(claim: Authorization, bucket: DoubleBucket | undefined, own: string): void {
  const region = bucket?.settings.region ?? own;
  if (claim.region === region) return;
  if (bucket?.settings.wrongRegion === 'PermanentRedirect') {
    throw new S3Refusal(
      301,
      'PermanentRedirect',
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
      { Bucket: bucket.settings.name },
      { 'x-amz-bucket-region': region },
    );
  }
  throw malformed(`the region '${claim.region}' is wrong; expecting '${region}'`, region);
}

function checkSignedHeaders(request: DoubleRequest, claim: Authorization): void {
  const signed = new Set(claim.signedHeaders);
  const must = Object.keys(request.headers).filter(
    (name) => name === 'host' || name === 'content-md5' || name.startsWith('x-amz-'),
  );
  const missing = must.filter((name) => !signed.has(name));
  if (missing.length === 0) return;
  throw new S3Refusal(
    403,
    'AccessDenied',
    'There were headers present in the request which were not signed',
    { HeadersNotSigned: missing.join(', ') },
  );
}

function checkToken(request: DoubleRequest, keys: DoubleKeys): void {
  if (keys.expired === true) {
    throw new S3Refusal(400, 'ExpiredToken', 'The provided token has expired.');
  }
  if (request.headers['x-amz-security-token'] !== keys.sessionToken) {
    const message = 'The provided token is malformed or otherwise invalid.';
    throw new S3Refusal(400, 'InvalidToken', message);
  }
}

/** Signs what came with the keys that we know, by code that the program does not share. */
async function expectedSignature(
  request: DoubleRequest,
  claim: Authorization,
  keys: DoubleKeys,
  signingDate: Date,
): Promise<string | undefined> {
  const signer = new SignatureV4({
    service: 's3',
    region: claim.region,
    credentials: { accessKeyId: keys.accessKeyId, secretAccessKey: keys.secretAccessKey },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const headers: Record<string, string> = {};
  for (const name of claim.signedHeaders) {
    // node:http gives a character for each byte; signatures are over the bytes.
    headers[name] = Buffer.from(request.headers[name] ?? '', 'latin1').toString('utf8');
  }
  headers['x-amz-content-sha256'] ??= request.headers['x-amz-content-sha256'] ?? '';
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: '',
      path: request.canonicalPath,
      query: Object.fromEntries(request.query),
      headers,
    },
    { signingDate, signableHeaders: new Set(claim.signedHeaders) },
  );
  return /Signature=([0-9a-f]+)$/.exec(signed.headers['authorization'] ?? '')?.[1];
}
