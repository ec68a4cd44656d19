import {
  checkNotArchived,
  checkTags,
  describedBy,
  objectHeaders,
  sseHeaders,
} from './s3-double-description.ts';
import { emptyAnswer, xmlAnswer, type Call, type DoubleAnswer } from './s3-double-answer.ts';
import { checksumHeaders, md5, sentChecksums } from './s3-double-body.ts';
import { askedRange, checkWriteConditions, isUnmodified } from './s3-double-conditions.ts';
import { S3Refusal, accessDenied } from './s3-double-error.ts';
import type { DoubleDescription, DoubleObject } from './s3-double-state.ts';
import { parseXml, type XmlContent } from './s3-double-xml.ts';

/** DeleteObjects takes at most so many keys. */
const MAX_DELETED_KEYS = 1000;

/** S3's ETag of an object that came in one PUT: its MD5, unless KMS encrypts it. */
export function simpleEtag(call: Call, bytes: Buffer, { sse }: DoubleDescription): string {
  const opaque = sse !== undefined && sse.type !== 'AES256';
  return `"${md5(opaque ? Buffer.from(call.unique()) : bytes).toString('hex')}"`;
}

export function putObject(call: Call): DoubleAnswer {
  const { bucket, key, request, body, switches } = call;
  const description = describedBy(request.headers);
  const checksums = sentChecksums(request.headers, body);
  checkWriteConditions(request.headers, bucket.objects.get(key), switches);
  const etag = simpleEtag(call, body, description);
  bucket.objects.set(key, {
    ...description,
    bytes: body,
    etag,
    lastModifiedMs: call.nowMs,
    checksums,
  });
  return emptyAnswer(200, { etag, ...sseHeaders(description), ...checksumHeaders(checksums) });
}

/** The object that is asked for. @throws S3Refusal 404, or 403 to those who may not list. */
function present(call: Call): DoubleObject {
  const object = call.bucket.objects.get(call.key);
  if (object !== undefined) return object;
  if (!call.mayList) throw accessDenied();
  const message = 'The specified key does not exist.';
  throw new S3Refusal(404, 'NoSuchKey', message, { Key: call.key });
}

/** GetObject; HeadObject is the same without the body, which the server drops. */
export function getObject(call: Call): DoubleAnswer {
  const object = present(call);
  const { headers: asked, method } = call.request;
  if (method === 'GET') checkNotArchived(object);
  const headers = objectHeaders(object, asked['x-amz-checksum-mode'] === 'ENABLED');
  if (isUnmodified(asked, object)) {
    const { etag = '', 'last-modified': modified = '' } = headers;
    return emptyAnswer(304, { etag, 'last-modified': modified });
  }
  const size = object.bytes.length;
  const range = call.switches.ranges ? askedRange(asked['range'], size) : undefined;
  if (range === undefined) return { status: 200, headers, body: object.bytes };
  return {
    status: 206,
    headers: {
      ...headers,
      'content-range': `bytes ${String(range.first)}-${String(range.last)}/${String(size)}`,
    },
    body: object.bytes.subarray(range.first, range.last + 1),
  };
}

/** DeleteObject: what is absent is deleted as well. */
export function deleteObject({ bucket, key }: Call): DoubleAnswer {
  bucket.objects.delete(key);
  return emptyAnswer(204);
}

export function deleteObjects({ bucket, body, request }: Call): DoubleAnswer {
  const { headers } = request;
  const hasDigest = Object.keys(headers).some((name) => /^x-amz-checksum-/.test(name));
  if (headers['content-md5'] === undefined && !hasDigest) {
    const message = 'Missing required header for this request: Content-MD5';
    throw new S3Refusal(400, 'InvalidRequest', message);
  }
  const document = parseXml(body, 'Delete');
  const keys = document.all('Object').map((object) => object.value('Key') ?? '');
  if (keys.length === 0 || keys.length > MAX_DELETED_KEYS || keys.includes('')) {
    const message = 'The XML you provided did not validate against our published schema';
    throw new S3Refusal(400, 'MalformedXML', message);
  }
  for (const key of keys) bucket.objects.delete(key);
  const quiet = document.value('Quiet') === 'true';
  const told = quiet ? [] : keys.map((key) => ['Deleted', [['Key', key]]] as const);
  return xmlAnswer('DeleteResult', told);
}

export function getObjectTagging(call: Call): DoubleAnswer {
  const tags = Object.entries(present(call).tags).map(([name, value]): [string, XmlContent] => [
    'Tag',
    [
      ['Key', name],
      ['Value', value],
    ],
  ]);
  return xmlAnswer('Tagging', [['TagSet', tags]]);
}

export function putObjectTagging(call: Call): DoubleAnswer {
  const object = present(call);
  const pairs = (parseXml(call.body, 'Tagging').children[0]?.all('Tag') ?? []).map(
    (tag) => [tag.value('Key') ?? '', tag.value('Value') ?? ''] as const,
  );
  call.bucket.objects.set(call.key, { ...object, tags: checkTags(pairs) });
  return emptyAnswer(200);
}

export function deleteObjectTagging(call: Call): DoubleAnswer {
  call.bucket.objects.set(call.key, { ...present(call), tags: {} });
  return emptyAnswer(204);
}
