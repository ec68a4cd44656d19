import { emptyAnswer, xmlAnswer, type Call, type DoubleAnswer } from './s3-double-answer.ts';
import { accessDenied } from './s3-double-error.ts';
import { listObjects, listObjectsV2, listUploads, type ListingFault } from './s3-double-listing.ts';
import {
  deleteObject,
  deleteObjects,
  deleteObjectTagging,
  getObject,
  getObjectTagging,
  putObject,
  putObjectTagging,
} from './s3-double-objects.ts';
import type { Operation } from './s3-double-request.ts';
import type { DoubleBucket, DoubleKeys } from './s3-double-state.ts';
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  uploadPart,
} from './s3-double-uploads.ts';

type Handler = (call: Call, fault: ListingFault | undefined) => DoubleAnswer;

/** Operations on a bucket that is there; what only the server can do is not among them. */
export const OPERATIONS: Readonly<Partial<Record<Operation, Handler>>> = {
  HeadBucket: (call) => emptyAnswer(200, { 'x-amz-bucket-region': regionOf(call) }),
  GetBucketLocation: (call) =>
    xmlAnswer('LocationConstraint', regionOf(call) === 'us-east-1' ? '' : regionOf(call)),
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListMultipartUploads: listUploads,
  DeleteObjects: deleteObjects,
  HeadObject: getObject,
  GetObject: getObject,
  PutObject: putObject,
  DeleteObject: deleteObject,
  GetObjectTagging: getObjectTagging,
  PutObjectTagging: putObjectTagging,
  DeleteObjectTagging: deleteObjectTagging,
  CreateMultipartUpload: createUpload,
  UploadPart: uploadPart,
  CompleteMultipartUpload: completeUpload,
  AbortMultipartUpload: abortUpload,
  ListParts: listParts,
};

function regionOf({ bucket }: Call): string {
  return bucket.settings.region ?? 'us-east-1';
}

const LISTINGS: readonly Operation[] = [
  'ListBuckets',
  'HeadBucket',
  'ListObjects',
  'ListObjectsV2',
  'ListMultipartUploads',
];

const READS: readonly Operation[] = [
  'GetBucketLocation',
  'HeadObject',
  'GetObject',
  'GetObjectTagging',
  'ListParts',
];

/** Operations that a public bucket grants to everybody. */
const PUBLIC: readonly Operation[] = [
  'HeadObject',
  'GetObject',
  'HeadBucket',
  'ListObjects',
  'ListObjectsV2',
];

/** @throws S3Refusal AccessDenied unless these keys (undefined: nobody's) may do that */
export function checkGranted(
  operation: Operation,
  keys: DoubleKeys | undefined,
  bucket: DoubleBucket | undefined,
): void {
  const granted =
    keys === undefined
      ? bucket?.settings.publicRead === true && PUBLIC.includes(operation)
      : grantedTo(operation, keys);
  if (!granted) throw accessDenied();
}

function grantedTo(operation: Operation, keys: DoubleKeys): boolean {
  if (LISTINGS.includes(operation)) return keys.mayList !== false;
  if (READS.includes(operation)) return keys.mayRead !== false;
  return keys.mayWrite !== false;
}
