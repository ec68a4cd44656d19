import { emptyAnswer, xmlAnswer, type Call, type DoubleAnswer } from './s3-double-answer.ts';
import { CHECKSUMS, checksumHeaders, md5, sentChecksums } from './s3-double-body.ts';
import { checkWriteConditions } from './s3-double-conditions.ts';
import { describedBy, sseHeaders } from './s3-double-description.ts';
import { S3Refusal, invalidArgument, notImplemented } from './s3-double-error.ts';
import { simpleEtag } from './s3-double-objects.ts';
import type { DoublePart, DoubleUpload } from './s3-double-state.ts';
import { parseXml, type XmlElement } from './s3-double-xml.ts';

/** S3 accepts at most 10,000 parts. */
const MAX_PARTS = 10_000;
/** Parts of one page of ListParts. */
const MAX_PAGE_PARTS = 1000;

export function createUpload(call: Call): DoubleAnswer {
  const { headers } = call.request;
  const algorithm = headers['x-amz-checksum-algorithm']?.toLowerCase();
  if (algorithm !== undefined && CHECKSUMS[algorithm] === undefined) {
    throw notImplemented(`x-amz-checksum-algorithm: ${algorithm}`);
  }
  if (headers['x-amz-checksum-type'] === 'FULL_OBJECT') throw notImplemented('FULL_OBJECT');
  const description = describedBy(headers);
  const id = call.unique();
  call.bucket.uploads.set(id, {
    id,
    key: call.key,
    startedMs: call.nowMs,
    description,
    checksumAlgorithm: algorithm,
    parts: new Map(),
  });
  return xmlAnswer(
    'InitiateMultipartUploadResult',
    [
      ['Bucket', call.bucket.settings.name],
      ['Key', call.key],
      ['UploadId', id],
    ],
    sseHeaders(description),
  );
}

/** The upload that a request names. @throws S3Refusal NoSuchUpload */
function named(call: Call): DoubleUpload {
  const id = call.request.query.get('uploadId') ?? '';
  const upload = call.bucket.uploads.get(id);
  if (upload?.key === call.key) return upload;
  throw new S3Refusal(
    404,
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: id },
  );
}

function wholeNumber(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : -1;
}

export function uploadPart(call: Call): DoubleAnswer {
  const { request, body } = call;
  const given = request.query.get('partNumber') ?? '';
  const number = wholeNumber(given);
  if (number < 1 || number > MAX_PARTS) {
    const message = 'Part number must be an integer between 1 and 10000, inclusive';
    throw invalidArgument('partNumber', given, message);
  }
  const upload = named(call);
  const checksums = sentChecksums(request.headers, body);
  const [sent] = Object.keys(checksums);
  if (sent !== upload.checksumAlgorithm) {
    throw new S3Refusal(
      400,
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksumAlgorithm ?? 'null'}, actual checksum Type: ${sent ?? 'null'}`,
    );
  }
  const etag = simpleEtag(call, body, upload.description);
  upload.parts.set(number, { bytes: body, etag, lastModifiedMs: call.nowMs, checksums });
  return emptyAnswer(200, {
    etag,
    ...sseHeaders(upload.description),
    ...checksumHeaders(checksums),
  });
}

interface CompletedPart extends DoublePart {
  readonly number: number;
}

export function completeUpload(call: Call): DoubleAnswer {
  const { bucket, key, switches } = call;
  const done = bucket.finished.get(call.request.query.get('uploadId') ?? '');
  if (done !== undefined && switches.finishedUploads === 'remembered') {
    return completed(call, done);
  }
  const upload = named(call);
  const parts = askedParts(upload, parseXml(call.body, 'CompleteMultipartUpload'));
  checkPartSizes(parts, switches.minPartBytes);
  checkWriteConditions(call.request.headers, bucket.objects.get(key), switches);
  const etag = multipartEtag(call, parts);
  bucket.objects.set(key, {
    ...upload.description,
    bytes: Buffer.concat(parts.map((part) => part.bytes)),
    etag,
    // The time of the start, as S3 has it.
    lastModifiedMs: upload.startedMs,
    checksums: compositeChecksum(upload, parts),
  });
  bucket.uploads.delete(upload.id);
  bucket.finished.set(upload.id, etag);
  return completed(call, etag);
}

function completed({ bucket, key, switches }: Call, etag: string): DoubleAnswer {
  const told = { given: [['ETag', etag]], empty: [['ETag', '']], absent: [] } as const;
  return xmlAnswer('CompleteMultipartUploadResult', [
    ['Location', `/${bucket.settings.name}/${key}`],
    ['Bucket', bucket.settings.name],
    ['Key', key],
    ...told[switches.completeEtag],
  ]);
}

function askedParts(upload: DoubleUpload, document: XmlElement): CompletedPart[] {
  const asked = document.all('Part');
  if (asked.length === 0) {
    const message = 'The XML you provided did not validate against our published schema';
    throw new S3Refusal(400, 'MalformedXML', message);
  }
  let previous = 0;
  return asked.map((element) => {
    const number = wholeNumber(element.value('PartNumber')?.trim() ?? '');
    if (number <= previous) {
      const message =
        'The list of parts was not in ascending order. Parts must be ordered by part number.';
      throw new S3Refusal(400, 'InvalidPartOrder', message, { UploadId: upload.id });
    }
    previous = number;
    return { number, ...checkedPart(upload, number, element) };
  });
}

function checkedPart(upload: DoubleUpload, number: number, element: XmlElement): DoublePart {
  const part = upload.parts.get(number);
  const etag = element.value('ETag')?.trim() ?? '';
  if (part === undefined || (etag !== part.etag && `"${etag}"` !== part.etag)) {
    throw new S3Refusal(
      400,
      'InvalidPart',
      'One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part entity tag.',
      { UploadId: upload.id, PartNumber: String(number), ETag: etag },
    );
  }
  const algorithm = upload.checksumAlgorithm;
  if (algorithm === undefined) return part;
  const given = element.value(`Checksum${algorithm.toUpperCase()}`);
  if (given === part.checksums[algorithm]) return part;
  throw new S3Refusal(
    400,
    given === undefined ? 'InvalidRequest' : 'InvalidPart',
    `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each part. It was missing or wrong for part ${String(number)} in the request.`,
  );
}

function checkPartSizes(parts: readonly CompletedPart[], minBytes: number): void {
  for (const part of parts.slice(0, -1)) {
    if (part.bytes.length >= minBytes) continue;
    const message = 'Your proposed upload is smaller than the minimum allowed size';
    throw new S3Refusal(400, 'EntityTooSmall', message, {
      ProposedSize: String(part.bytes.length),
      MinSizeAllowed: String(minBytes),
      PartNumber: String(part.number),
      ETag: part.etag.replaceAll('"', ''),
    });
  }
}

function multipartEtag(call: Call, parts: readonly CompletedPart[]): string {
  const suffix = `-${String(parts.length)}`;
  if (call.switches.multipartEtag === 'random') {
    return `"${md5(Buffer.from(call.unique())).toString('hex')}${suffix}"`;
  }
  const digests = parts.map((part) => Buffer.from(part.etag.slice(1, -1), 'hex'));
  return `"${md5(Buffer.concat(digests)).toString('hex')}${suffix}"`;
}

function compositeChecksum(
  { checksumAlgorithm: algorithm }: DoubleUpload,
  parts: readonly CompletedPart[],
): Record<string, string> {
  const compute = algorithm === undefined ? undefined : CHECKSUMS[algorithm];
  if (algorithm === undefined || compute === undefined) return {};
  const raw = parts.map((part) => Buffer.from(part.checksums[algorithm] ?? '', 'base64'));
  return {
    [algorithm]: `${compute(Buffer.concat(raw)).toString('base64')}-${String(parts.length)}`,
  };
}

export function abortUpload(call: Call): DoubleAnswer {
  call.bucket.uploads.delete(named(call).id);
  return emptyAnswer(204);
}

export function listParts(call: Call): DoubleAnswer {
  const upload = named(call);
  const { query } = call.request;
  const after = Number(query.get('part-number-marker') ?? 0);
  const asked = Number(query.get('max-parts') ?? MAX_PAGE_PARTS);
  const most = Math.min(asked, MAX_PAGE_PARTS, call.switches.maxPageKeys);
  const left = [...upload.parts].sort(([a], [b]) => a - b).filter(([number]) => number > after);
  const page = left.slice(0, most);
  return xmlAnswer('ListPartsResult', [
    ['Bucket', call.bucket.settings.name],
    ['Key', call.key],
    ['UploadId', upload.id],
    ['StorageClass', upload.description.storageClass],
    ['PartNumberMarker', String(after)],
    ['NextPartNumberMarker', String(page.at(-1)?.[0] ?? 0)],
    ['MaxParts', String(most)],
    ['IsTruncated', String(left.length > page.length)],
    ...page.map(
      ([number, part]) =>
        [
          'Part',
          [
            ['PartNumber', String(number)],
            ['LastModified', new Date(part.lastModifiedMs).toISOString()],
            ['ETag', part.etag],
            ['Size', String(part.bytes.length)],
          ],
        ] as const,
    ),
  ]);
}
