import type { IncomingHttpHeaders } from 'node:http';
import { S3Refusal, notImplemented } from './s3-double-error.ts';

export type Operation =
  | 'ListBuckets'
  | 'CreateBucket'
  | 'DeleteBucket'
  | 'HeadBucket'
  | 'GetBucketLocation'
  | 'ListObjects'
  | 'ListObjectsV2'
  | 'ListMultipartUploads'
  | 'DeleteObjects'
  | 'HeadObject'
  | 'GetObject'
  | 'PutObject'
  | 'DeleteObject'
  | 'GetObjectTagging'
  | 'PutObjectTagging'
  | 'DeleteObjectTagging'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts';

/** Where a request goes, told from its line and its Host. */
export interface Address {
  readonly bucket: string | undefined;
  /** Decoded; undefined for the bucket itself. */
  readonly key: string | undefined;
  readonly query: ReadonlyMap<string, string>;
  /** Decoded and encoded again as signatures want it. */
  readonly canonicalPath: string;
}

/** A request as the double works with it. */
export interface DoubleRequest extends Address {
  readonly operation: Operation;
  readonly method: string;
  /** Lower-case names; the bytes of the values, one character a byte. */
  readonly headers: Readonly<Record<string, string>>;
  readonly secure: boolean;
}

/** RFC 3986 encoding as SigV4 wants it: all but unreserved characters; `/` stays. */
export function encodePath(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Refusal(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
}

/** Reads the request line; Host `<bucket>.<domain>` is virtual-host style, all else path style. */
export function parseAddress(url: string, host: string, domain: string): Address {
  const mark = url.indexOf('?');
  const path = decode(mark === -1 ? url : url.slice(0, mark));
  const query = parseQuery(mark === -1 ? '' : url.slice(mark + 1));
  const hostName = host.replace(/:\d+$/, '');
  const virtual = hostName.endsWith(`.${domain}`) ? hostName.slice(0, -domain.length - 1) : '';
  const [bucket, key] = virtual === '' ? bucketAndKey(path) : [virtual, path.slice(1)];
  return {
    bucket: bucket === '' ? undefined : bucket,
    key: key === '' ? undefined : key,
    query,
    canonicalPath: encodePath(path),
  };
}

function bucketAndKey(path: string): readonly [bucket: string, key: string] {
  const slash = path.indexOf('/', 1);
  return slash === -1 ? [path.slice(1), ''] : [path.slice(1, slash), path.slice(slash + 1)];
}

function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of text.split('&').filter((each) => each !== '')) {
    const equals = pair.indexOf('=');
    const end = equals === -1 ? pair.length : equals;
    const name = decode(pair.slice(0, end).replaceAll('+', ' '));
    const value = decode(pair.slice(end + 1).replaceAll('+', ' '));
    if (query.has(name)) throw new S3Refusal(400, 'InvalidArgument', `${name} is given twice`);
    query.set(name, value);
  }
  return query;
}

/** Headers of node:http as single values. */
export function flatHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return flat;
}

/** First the sub-resource, '' for none, then the method. */
const OF_BUCKET: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '': { GET: 'ListObjects', HEAD: 'HeadBucket', PUT: 'CreateBucket', DELETE: 'DeleteBucket' },
  'list-type': { GET: 'ListObjectsV2' },
  location: { GET: 'GetBucketLocation' },
  uploads: { GET: 'ListMultipartUploads' },
  delete: { POST: 'DeleteObjects' },
};

const OF_OBJECT: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '': { GET: 'GetObject', HEAD: 'HeadObject', PUT: 'PutObject', DELETE: 'DeleteObject' },
  tagging: {
    GET: 'GetObjectTagging',
    PUT: 'PutObjectTagging',
    DELETE: 'DeleteObjectTagging',
  },
  uploads: { POST: 'CreateMultipartUpload' },
  uploadId: {
    PUT: 'UploadPart',
    POST: 'CompleteMultipartUpload',
    DELETE: 'AbortMultipartUpload',
    GET: 'ListParts',
  },
};

/** Parameters that choose no operation; `x-id` only names the one of the SDK. */
const PLAIN_PARAMETERS: ReadonlySet<string> = new Set([
  ...['prefix', 'delimiter', 'marker', 'max-keys', 'encoding-type', 'start-after', 'fetch-owner'],
  ...['continuation-token', 'partNumber', 'part-number-marker', 'max-parts', 'x-id'],
  ...['key-marker', 'upload-id-marker', 'max-uploads'],
]);

/** Which operation a request is. @throws S3Refusal for what the double does not have. */
export function operationOf(method: string, address: Address): Operation {
  if (address.bucket === undefined) {
    if (method === 'GET') return 'ListBuckets';
    throw new S3Refusal(405, 'MethodNotAllowed', 'The specified method is not allowed.');
  }
  const table = address.key === undefined ? OF_BUCKET : OF_OBJECT;
  const chosen = [...address.query.keys()].filter((name) => !PLAIN_PARAMETERS.has(name));
  const [resource = ''] = chosen;
  const methods = table[resource];
  if (chosen.length > 1 || methods === undefined) throw notImplemented(chosen.join(', '));
  const operation = methods[method];
  if (operation === undefined) {
    throw new S3Refusal(
      405,
      'MethodNotAllowed',
      'The specified method is not allowed against this resource.',
    );
  }
  return operation;
}
