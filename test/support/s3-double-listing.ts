import { xmlAnswer, type Call, type DoubleAnswer } from './s3-double-answer.ts';
import { invalidArgument, notImplemented } from './s3-double-error.ts';
import { encodePath } from './s3-double-request.ts';
import type { XmlContent } from './s3-double-xml.ts';

/** Faults of a listing: what a store may do wrong between two pages. */
export type ListingFault = 'repeatsPage' | 'outOfOrder' | 'truncatedWithoutToken';

/** One row of a listing. */
type Row = { readonly key: string } | { readonly prefix: string };

interface Page {
  readonly rows: readonly Row[];
  readonly truncated: boolean;
  /** The last key or prefix of the page. */
  readonly last: string;
}

const isAfter = (key: string, after: string): boolean =>
  Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;

/** S3's `encoding-type=url`: spaces become `+`, `/` stays. */
const urlEncoded = (text: string): string => encodePath(text).replaceAll('%20', '+');

function maxKeys(call: Call): number {
  const given = call.request.query.get('max-keys') ?? '1000';
  if (!/^\d{1,9}$/.test(given)) {
    throw invalidArgument(
      'max-keys',
      given,
      'Provided max-keys not an integer or within integer range',
    );
  }
  return Math.min(Number(given), 1000, call.switches.maxPageKeys);
}

function encoder(call: Call): (text: string) => string {
  const type = call.request.query.get('encoding-type');
  if (type === undefined) return (text) => text;
  if (type !== 'url') {
    throw invalidArgument('encoding-type', type, 'Invalid Encoding Method specified in Request');
  }
  return urlEncoded;
}

/** Rows of a whole bucket behind `after`, in order: keys, and each common prefix once. */
function* rowsBehind(call: Call, after: string): Generator<Row> {
  const { query } = call.request;
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  // What a page ended with stands for all keys below it.
  let told = after;
  for (const key of call.bucket.keys()) {
    if (!key.startsWith(prefix) || !isAfter(key, after)) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut === -1) {
      yield { key };
      continue;
    }
    const group = key.slice(0, cut + delimiter.length);
    if (group !== told) yield { prefix: group };
    told = group;
  }
}

function takePage(call: Call, after: string): Page {
  const most = maxKeys(call);
  const rows = [...rowsBehind(call, after)];
  const page = rows.slice(0, most);
  const last = page.at(-1);
  return {
    rows: page,
    truncated: most > 0 && rows.length > most,
    last: last === undefined ? '' : 'key' in last ? last.key : last.prefix,
  };
}

function rowElements(
  call: Call,
  rows: readonly Row[],
  encode: (text: string) => string,
): (readonly [string, XmlContent])[] {
  const contents: [string, XmlContent][] = [];
  const prefixes: [string, XmlContent][] = [];
  for (const row of rows) {
    if ('prefix' in row) {
      prefixes.push(['CommonPrefixes', [['Prefix', encode(row.prefix)]]]);
      continue;
    }
    const object = call.bucket.objects.get(row.key);
    if (object === undefined) continue;
    contents.push([
      'Contents',
      [
        ['Key', encode(row.key)],
        ['LastModified', new Date(Math.floor(object.lastModifiedMs / 1000) * 1000).toISOString()],
        ['ETag', object.etag],
        ['Size', String(object.bytes.length)],
        ['StorageClass', object.storageClass],
      ],
    ]);
  }
  return [...contents, ...prefixes];
}

/** Elements that say what was asked, where it was asked. */
function echoed(
  call: Call,
  names: Readonly<Record<string, string>>,
  encode: (text: string) => string,
): [string, XmlContent][] {
  return Object.entries(names).flatMap(([parameter, name]): [string, XmlContent][] => {
    const value = call.request.query.get(parameter);
    return value === undefined
      ? []
      : [[name, parameter === 'encoding-type' ? value : encode(value)]];
  });
}

const toToken = (key: string): string => Buffer.from(`after ${key}`).toString('base64url');

function fromToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (text.startsWith('after ')) return text.slice('after '.length);
  throw invalidArgument(
    'continuation-token',
    token,
    'The continuation token provided is incorrect',
  );
}

export function listObjectsV2(call: Call, fault?: ListingFault): DoubleAnswer {
  const { query } = call.request;
  if (!call.switches.listV2 || query.get('list-type') !== '2') throw notImplemented('list-type');
  const encode = encoder(call);
  const token = query.get('continuation-token');
  const from = token === undefined ? (query.get('start-after') ?? '') : fromToken(token);
  const after = fault === 'repeatsPage' ? '' : from;
  const page = takePage(call, after);
  const rows = fault === 'outOfOrder' ? [...page.rows].reverse() : page.rows;
  const hasToken = page.truncated && fault !== 'truncatedWithoutToken';
  return xmlAnswer('ListBucketResult', [
    ['Name', call.bucket.settings.name],
    ['Prefix', encode(query.get('prefix') ?? '')],
    ...(hasToken ? [['NextContinuationToken', toToken(page.last)] as const] : []),
    ...(token === undefined ? [] : [['ContinuationToken', token] as const]),
    ['KeyCount', String(rows.length)],
    ['MaxKeys', String(maxKeys(call))],
    ...echoed(
      call,
      { delimiter: 'Delimiter', 'start-after': 'StartAfter', 'encoding-type': 'EncodingType' },
      encode,
    ),
    ['IsTruncated', String(page.truncated)],
    ...rowElements(call, rows, encode),
  ]);
}

/** Version 1: the next page starts after its last key, or NextMarker where there is a delimiter. */
export function listObjects(call: Call, fault?: ListingFault): DoubleAnswer {
  const { query } = call.request;
  const encode = encoder(call);
  const page = takePage(call, fault === 'repeatsPage' ? '' : (query.get('marker') ?? ''));
  const rows = fault === 'outOfOrder' ? [...page.rows].reverse() : page.rows;
  const marked = page.truncated && query.has('delimiter') && fault !== 'truncatedWithoutToken';
  return xmlAnswer('ListBucketResult', [
    ['Name', call.bucket.settings.name],
    ['Prefix', encode(query.get('prefix') ?? '')],
    ['Marker', encode(query.get('marker') ?? '')],
    ...(marked ? [['NextMarker', encode(page.last)] as const] : []),
    ['MaxKeys', String(maxKeys(call))],
    ...echoed(call, { delimiter: 'Delimiter', 'encoding-type': 'EncodingType' }, encode),
    ['IsTruncated', String(page.truncated)],
    ...rowElements(call, rows, encode),
  ]);
}

/** Everything in one page: nobody leaves a thousand uploads over in a test. */
export function listUploads(call: Call): DoubleAnswer {
  const prefix = call.request.query.get('prefix') ?? '';
  const encode = encoder(call);
  const uploads = [...call.bucket.uploads.values()].filter((each) => each.key.startsWith(prefix));
  return xmlAnswer('ListMultipartUploadsResult', [
    ['Bucket', call.bucket.settings.name],
    ['KeyMarker', ''],
    ['UploadIdMarker', ''],
    ['MaxUploads', '1000'],
    ['IsTruncated', 'false'],
    ...uploads.map(
      (upload) =>
        [
          'Upload',
          [
            ['Key', encode(upload.key)],
            ['UploadId', upload.id],
            ['StorageClass', upload.description.storageClass],
            ['Initiated', new Date(upload.startedMs).toISOString()],
          ],
        ] as const,
    ),
  ]);
}
