import type { StoredResult } from '../../model/checkpoint.ts';
import type { FailureCode } from '../../model/failure.ts';
import { keyText } from './key-text.ts';
import type { LineFormat, LineSubject } from './line-format.ts';
import { type OutcomeFields, outcomeFields } from './outcome-fields.ts';
import { separated } from './separated.ts';

const COLUMNS = [
  ...['Timestamp', 'OperationName', 'Action', 'ActionStatus'],
  ...['FailureDetails.ErrorType', 'FailureDetails.GrpcCode', 'FailureDetails.Message'],
  ...['Src.Type', 'Src.File.Path', 'Src.File.LastModified', 'Src.File.Size', 'Src.File.Crc32C'],
  ...['Dst.Type', 'Dst.Gcs.BucketName', 'Dst.Gcs.ObjectName', 'Dst.Gcs.LastModified'],
  ...['Dst.Gcs.Size', 'Dst.Gcs.Crc32C', 'Dst.Gcs.Md5'],
];

/** The nearest of Google's RPC codes (google/rpc/code.proto). */
const GRPC_CODES: Readonly<Record<FailureCode, string>> = {
  ORIGIN_NOT_FOUND: 'NOT_FOUND',
  ORIGIN_STATUS: 'UNAVAILABLE',
  ORIGIN_UNREACHABLE: 'UNAVAILABLE',
  ORIGIN_TIMEOUT: 'DEADLINE_EXCEEDED',
  ORIGIN_CHANGED: 'ABORTED',
  ORIGIN_ARCHIVED: 'FAILED_PRECONDITION',
  LENGTH_MISMATCH: 'DATA_LOSS',
  LENGTH_UNKNOWN: 'FAILED_PRECONDITION',
  DIGEST_MISMATCH: 'DATA_LOSS',
  CONTENT_REJECTED: 'FAILED_PRECONDITION',
  REDIRECT_REFUSED: 'FAILED_PRECONDITION',
  ADDRESS_REFUSED: 'PERMISSION_DENIED',
  LOOP_DETECTED: 'FAILED_PRECONDITION',
  BUCKET_REFUSED: 'PERMISSION_DENIED',
  BUCKET_THROTTLED: 'RESOURCE_EXHAUSTED',
  BUCKET_UNREACHABLE: 'UNAVAILABLE',
  KEY_INVALID: 'INVALID_ARGUMENT',
  METADATA_TOO_LARGE: 'INVALID_ARGUMENT',
  INTERNAL: 'INTERNAL',
};

/**
 * The layout of a transfer log of Google's Storage Transfer Service: tab-separated, a line of names
 * first, whose order readers are told to go by. A field that holds a tab, a quote or a line break is
 * quoted as in CSV.
 * https://cloud.google.com/storage-transfer/docs/on-prem-transfer-log-format
 *
 * What the state doesn't know stays empty: checksums, dates, and the path at the origin, so
 * `Src.File.Path` is the key as well. `ErrorType` is this program's failure code. A key that is not
 * UTF-8 is `base64:` and its bytes.
 */
export function gcsFormat(subject: LineSubject): LineFormat {
  return {
    head: `${COLUMNS.join('\t')}\n`,
    line: (result) => `${separated(fieldsOf(result, subject), '\t')}\n`,
  };
}

function fieldsOf(result: StoredResult, { job, bucket, prefix }: LineSubject): readonly string[] {
  const fields = outcomeFields(result);
  const { outcome, origin, bytes } = fields;
  const key = keyText(result);
  const size = bytes === undefined ? '' : String(bytes);
  const destination = bucket.kind === 's3' ? 'S3' : 'DIRECTORY';
  return [
    ...[result.time, `transferOperations/${job}`],
    ...[outcome === 'deleted' ? 'DELETE' : 'TRANSFER', statusOf(outcome)],
    ...failureDetails(fields),
    ...[sourceType(origin), key, '', size, ''],
    ...[destination, bucket.name, prefix + key, '', size, '', ''],
  ];
}

function statusOf(outcome: StoredResult['outcome']): string {
  switch (outcome) {
    case 'failed':
      return 'FAILED';
    case 'skipped':
    case 'planned':
      return 'SKIPPED';
    case 'copied':
    case 'deleted':
      return 'SUCCEEDED';
  }
}

function failureDetails({ code, message }: OutcomeFields): readonly string[] {
  return code === undefined ? ['', '', ''] : [code, GRPC_CODES[code], message ?? ''];
}

/** Told by the address that was asked; most outcomes without a body name none. */
function sourceType(origin: string | undefined): string {
  if (origin === undefined) return '';
  return origin.startsWith('s3:') ? 'S3' : 'HTTP';
}
