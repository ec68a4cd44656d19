import { S3Refusal, notImplemented } from './s3-double-error.ts';
import type { DoubleObject, S3DoubleSwitches } from './s3-double-state.ts';

type Fields = Readonly<Record<string, string>>;

const failed = (condition: string): S3Refusal =>
  new S3Refusal(
    412,
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
    { Condition: condition },
  );

/** Whether an If-Match or If-None-Match names the object; quotes may be missing. */
function names(list: string, etag: string): boolean {
  return list
    .split(',')
    .map((one) => one.trim().replace(/^W\//, ''))
    .some((one) => one === '*' || one === etag || `"${one}"` === etag);
}

/** Conditions of PutObject and CompleteMultipartUpload. @throws S3Refusal */
export function checkWriteConditions(
  headers: Fields,
  existing: DoubleObject | undefined,
  { conditionalWrites }: Pick<S3DoubleSwitches, 'conditionalWrites'>,
): void {
  const ifNone = headers['if-none-match'];
  const ifMatch = headers['if-match'];
  if (ifNone === undefined && ifMatch === undefined) return;
  if (conditionalWrites === 'notImplemented') throw notImplemented('conditional writes');
  if (conditionalWrites === 'ignored') return;
  if (ifNone !== undefined) {
    if (ifNone !== '*') throw notImplemented('If-None-Match with an ETag');
    if (existing !== undefined) throw failed('If-None-Match');
  }
  if (ifMatch !== undefined) {
    if (existing === undefined) {
      throw new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist.');
    }
    if (!names(ifMatch, existing.etag)) throw failed('If-Match');
  }
}

/** Conditions of GetObject and HeadObject: whether the answer is a 304. @throws S3Refusal 412 */
export function isUnmodified(headers: Fields, object: DoubleObject): boolean {
  const seconds = Math.floor(object.lastModifiedMs / 1000);
  const ifMatch = headers['if-match'];
  const unmodifiedSince = Date.parse(headers['if-unmodified-since'] ?? '') / 1000;
  if (ifMatch !== undefined) {
    if (!names(ifMatch, object.etag)) throw failed('If-Match');
  } else if (seconds > unmodifiedSince) {
    throw failed('If-Unmodified-Since');
  }
  const ifNone = headers['if-none-match'];
  if (ifNone !== undefined) return names(ifNone, object.etag);
  return seconds <= Date.parse(headers['if-modified-since'] ?? '') / 1000;
}

/** First and last byte. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** The range that is asked for; undefined for the whole object. @throws S3Refusal 416 */
export function askedRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  // What is no range, or one that ends before it starts, is as if it were not there.
  const backwards = from !== '' && to !== '' && Number(to) < Number(from);
  if (from + to === '' || backwards) return undefined;
  const range = from === '' ? suffix(Number(to), size) : forward(Number(from), to, size);
  if (range.first < size) return range;
  throw new S3Refusal(416, 'InvalidRange', 'The requested range is not satisfiable', {
    RangeRequested: header ?? '',
    ActualObjectSize: String(size),
  });
}

function suffix(length: number, size: number): ByteRange {
  return { first: length === 0 ? size : Math.max(0, size - length), last: size - 1 };
}

function forward(first: number, to: string, size: number): ByteRange {
  return { first, last: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
}
