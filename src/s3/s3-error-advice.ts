/**
 * What a refusal means for the run:
 *
 * - `object`: this object, or this call; others may do better
 * - `absent`: there is no such object
 * - `archived`: the object has to be restored before it can be read
 * - `key`, `metadata`: the store can't hold such a key, such metadata
 * - `throttle`: asked too often; `trouble`: the store, or what stands before it, is not well
 * - `full`: there is no room for any further object
 * - `signature`: the keys are wrong, or, once they have served, something alters this one request
 * - `fatal`: no later request will fare better
 */
export type RefusalKind =
  | 'object'
  | 'absent'
  | 'archived'
  | 'key'
  | 'metadata'
  | 'throttle'
  | 'trouble'
  | 'full'
  | 'signature'
  | 'fatal';

/** What one code means and what to do; `advice` ends a sentence. */
export interface RefusalAdvice {
  readonly kind: RefusalKind;
  readonly advice: string;
}

const advice = (kind: RefusalKind, text: string): RefusalAdvice => ({ kind, advice: text });

const account = (what: string): RefusalAdvice =>
  advice('fatal', `${what}: have the account's owner settle that with the store`);

const EXPIRED = advice('fatal', 'the session has expired: renew it (log in again) and run again');
const BAD_TOKEN = advice(
  'fatal',
  'the session token is none of these keys: give the three values of one session together',
);
const UNKNOWN_KEY_ID = advice(
  'fatal',
  'the store does not know the access key id: check `credentials`, and that they are for this endpoint',
);
const WRONG_SIGNATURE = advice(
  'signature',
  'the signature does not match: check the secret access key; a proxy that alters headers or paths breaks signatures too',
);
const SKEWED = advice(
  'fatal',
  'the clocks differ too much, and what the store tells of its own did not help: set the clock of this machine (NTP)',
);
const NO_BUCKET = advice(
  'fatal',
  'the bucket does not exist there: check its name, `endpoint` and `region`, or create it',
);
const OTHER_REGION = advice(
  'fatal',
  "the bucket is somewhere else: set `region` to the bucket's, and `endpoint` to the address of that region",
);
const SLOW = advice(
  'throttle',
  'the store asks for fewer requests: lower --concurrency or --requests-per-second, then run again',
);
const TROUBLE = advice(
  'trouble',
  'the store failed by itself and went on failing: run again later; if it stays, show its operators the request id',
);
const GATEWAY = advice(
  'trouble',
  'what stands before the store does not reach it: run again later, or check that proxy',
);
const LOST_ON_THE_WAY = advice(
  'trouble',
  'what arrived differs from what was sent: run again; if it stays, something between here and the store alters bodies',
);
const UPLOAD_GONE = advice(
  'object',
  'the multipart upload is gone: a lifecycle rule or another process ended it; run again',
);
const BAD_CLASS = advice(
  'object',
  'the store has no such storage class: correct `storageClass` or leave it out',
);
const LONG_KEY = advice(
  'key',
  'the key is longer than the store accepts (1,024 bytes, the prefix of `bucket.url` included)',
);
const TOO_LARGE = advice(
  'object',
  'the object is larger than the store accepts in one piece: lower `store.multipart.threshold`, or its largest object is smaller than this one',
);
const FULL = advice('full', 'the quota is used up: raise it or make room, then run again');
const KMS = advice(
  'object',
  "the KMS key of `bucket.sse` can't be used: check that it exists, is enabled, lies in the bucket's region and that these credentials may use it",
);
const LOCKED = advice(
  'object',
  'object lock protects what is there, or the bucket wants retention settings that were not sent',
);
const BUSY = advice('trouble', 'another operation on the same thing is under way: run again');
const UNSUPPORTED = advice(
  'object',
  'the store does not have this operation, or not with these options: leave out what it lacks (tags, acl, sse, checksum, conditionalWrites)',
);

/** By S3's codes, as AWS and the stores that speak like it send them. */
export const ADVICE_BY_CODE: Readonly<Record<string, RefusalAdvice>> = {
  AccessDenied: advice(
    'object',
    'the credentials are not allowed to: grant s3:PutObject, s3:GetObject, s3:AbortMultipartUpload and, for sync --delete, s3:DeleteObject on its objects and s3:ListBucket on the bucket',
  ),
  AllAccessDisabled: account('all access is disabled'),
  AccountProblem: account('the account has a problem'),
  NotSignedUp: account('the account is not signed up for this service'),
  UserSuspended: account('the account is suspended'),
  OptInRequired: account('the account has not opted in to this region'),
  SignatureDoesNotMatch: WRONG_SIGNATURE,
  InvalidSignature: WRONG_SIGNATURE,
  InvalidSecurity: advice('fatal', 'the credentials are not valid: check `credentials`'),
  InvalidAccessKeyId: UNKNOWN_KEY_ID,
  InvalidClientTokenId: UNKNOWN_KEY_ID,
  UnrecognizedClientException: UNKNOWN_KEY_ID,
  InvalidToken: BAD_TOKEN,
  TokenRefreshRequired: EXPIRED,
  ExpiredToken: EXPIRED,
  RequestTimeTooSkewed: SKEWED,
  RequestExpired: SKEWED,
  AuthorizationHeaderMalformed: advice(
    'fatal',
    'the signature is for another region, or names another key: check `region` and `credentials`',
  ),
  AuthorizationQueryParametersError: WRONG_SIGNATURE,
  CredentialsNotSupported: advice('fatal', 'the store takes no such credentials: check them'),
  NoSuchBucket: NO_BUCKET,
  InvalidBucketName: advice(
    'fatal',
    "the store accepts no bucket of that name: check `bucket.url`, and `pathStyle` where the endpoint's host already names the bucket",
  ),
  PermanentRedirect: OTHER_REGION,
  TemporaryRedirect: OTHER_REGION,
  Redirect: OTHER_REGION,
  IllegalLocationConstraintException: OTHER_REGION,
  NoSuchKey: advice('absent', 'there is no such object'),
  NoSuchVersion: advice('absent', 'there is no such version of the object'),
  NotFound: advice(
    'absent',
    'there is no such object (or no such bucket: the answer says no more)',
  ),
  NoSuchUpload: UPLOAD_GONE,
  InvalidPart: advice('object', 'a part is not there or was altered: run again'),
  InvalidPartOrder: advice('object', 'the parts were not in order: please report this'),
  EntityTooLarge: TOO_LARGE,
  EntityTooSmall: advice(
    'object',
    'a part is smaller than the store accepts: raise `store.multipart.partSize` to 5MiB or more',
  ),
  MaxMessageLengthExceeded: TOO_LARGE,
  InvalidStorageClass: BAD_CLASS,
  StorageClassNotSupported: BAD_CLASS,
  KeyTooLong: LONG_KEY,
  KeyTooLongError: LONG_KEY,
  InvalidObjectName: advice('key', 'the store accepts no such key'),
  XMinioInvalidObjectName: advice('key', 'the store accepts no such key'),
  InvalidURI: advice('key', "the store can't read the key out of the URL"),
  MetadataTooLarge: advice(
    'metadata',
    'the metadata has more than the 2 KiB that S3 keeps: set `store.userMetadata: false`, or fewer `store.metadataFrom`',
  ),
  MetadataNameIsInvalid: advice('metadata', 'a metadata name is none that the store accepts'),
  UnsupportedHeaders: advice('metadata', 'the store accepts no such header: see `store.headers`'),
  InvalidTag: advice(
    'object',
    'a tag is not valid (up to 10; names of 128, values of 256 characters): correct `store.tags`',
  ),
  BadDigest: LOST_ON_THE_WAY,
  InvalidDigest: LOST_ON_THE_WAY,
  XAmzContentSHA256Mismatch: LOST_ON_THE_WAY,
  XAmzContentChecksumMismatch: LOST_ON_THE_WAY,
  IncompleteBody: LOST_ON_THE_WAY,
  MissingContentLength: advice(
    'trouble',
    'the length got lost on the way: something between here and the store re-frames bodies',
  ),
  MissingContentMD5: advice('object', 'the store wants Content-MD5: set `bucket.checksum: md5`'),
  InvalidRequest: advice('object', "the store can't work with the request; see what it says"),
  InvalidArgument: advice(
    'object',
    'the store refuses a value of the request; see what it says, and `acl`, `sse`, `storageClass`',
  ),
  InvalidEncryptionAlgorithmError: advice('fatal', 'the store has no such encryption: see `sse`'),
  AccessControlListNotSupported: advice(
    'fatal',
    'the bucket has no ACLs: leave out `bucket.acl` and use a bucket policy',
  ),
  UnsupportedAcl: advice('fatal', 'the store has no such ACL: correct or leave out `bucket.acl`'),
  NotImplemented: UNSUPPORTED,
  MethodNotAllowed: UNSUPPORTED,
  XNotImplemented: UNSUPPORTED,
  InvalidObjectState: advice(
    'archived',
    'the object is archived: restore it first (aws s3api restore-object), then run again',
  ),
  RestoreAlreadyInProgress: advice(
    'archived',
    'the object is being restored from the archive: run again when that has ended',
  ),
  SlowDown: SLOW,
  SlowDownRead: SLOW,
  SlowDownWrite: SLOW,
  Throttling: SLOW,
  ThrottlingException: SLOW,
  RequestThrottled: SLOW,
  RequestLimitExceeded: SLOW,
  TooManyRequests: SLOW,
  BandwidthLimitExceeded: SLOW,
  ServiceUnavailable: SLOW,
  InternalError: TROUBLE,
  ServerError: TROUBLE,
  RequestTimeout: advice(
    'trouble',
    'the body came too slowly for the store: lower --concurrency, or check the line',
  ),
  BadRequest: advice(
    'object',
    'the answer says no more: the region or the credentials may be those of another store',
  ),
  BadGateway: GATEWAY,
  GatewayTimeout: GATEWAY,
  OperationAborted: BUSY,
  ConditionalRequestConflict: BUSY,
  Conflict: BUSY,
  PreconditionFailed: advice('object', 'what is there is not what was expected: run again'),
  InvalidRange: advice('object', 'the object is shorter than it was before: run again'),
  QuotaExceeded: FULL,
  XMinioStorageFull: FULL,
  XMinioAdminBucketQuotaExceeded: FULL,
  InsufficientStorage: FULL,
  StorageQuotaExceeded: FULL,
  TooManyBuckets: FULL,
  TooManyObjects: FULL,
  InvalidRetentionPeriod: LOCKED,
  ObjectLockConfigurationNotFoundError: LOCKED,
  ObjectLocked: LOCKED,
  InvalidBucketState: LOCKED,
  BucketAlreadyExists: advice('fatal', "the bucket is somebody else's: check its name"),
  InvalidListing: advice(
    'object',
    "the store's listing can't be trusted, so nothing is concluded from it: run again; if it stays, report it to its operators",
  ),
  InvalidAnswer: advice(
    'object',
    'the store said that it succeeded, but not what: is the endpoint an S3 store?',
  ),
};

/** Whatever the code says, the store has no room (RFC 4918 §11.5). */
const INSUFFICIENT_STORAGE = 507;

const KMS_CODE = /^KMS\.|^KMS[A-Z]/;

/** What a refusal means, by its code, else by its status. */
export function refusalAdvice({
  code,
  status,
}: {
  readonly code: string;
  readonly status: number;
}): RefusalAdvice {
  if (status === INSUFFICIENT_STORAGE) return FULL;
  const known = Object.hasOwn(ADVICE_BY_CODE, code) ? ADVICE_BY_CODE[code] : undefined;
  if (known !== undefined) return known;
  if (KMS_CODE.test(code)) return code.includes('Throttling') ? SLOW : KMS;
  if ([429, 503, 509].includes(status) || (status >= 520 && status < 530)) return SLOW;
  if (status >= 500) return TROUBLE;
  return advice('object', 'the store refuses it; see what it says');
}
