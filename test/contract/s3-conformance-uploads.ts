import { createHash } from 'node:crypto';
import { answers, elements, given, type ConformanceCheck } from './s3-conformance-check.ts';
import type { ConformanceClient, RawAnswer } from './s3-conformance-client.ts';

/** S3's smallest part but the last. */
const MIN_PART_BYTES = 5 * 2 ** 20;

const LARGE = Buffer.alloc(MIN_PART_BYTES, 'L');

interface OpenUpload {
  readonly key: string;
  readonly id: string;
}

interface SentPart {
  readonly number: number;
  readonly etag: string;
}

async function open(
  client: ConformanceClient,
  name: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenUpload> {
  const key = `upload/${name}`;
  const answer = await client.ask({ method: 'POST', key, query: { uploads: '' }, headers });
  const [id] = elements(answer.text, 'UploadId');
  if (id === undefined) throw new Error(`no upload: ${answer.verdict}`);
  return { key, id };
}

function send(
  client: ConformanceClient,
  { key, id }: OpenUpload,
  number: number,
  body: Uint8Array | string,
): Promise<RawAnswer> {
  const query = { partNumber: String(number), uploadId: id };
  return client.ask({ method: 'PUT', key, query, body });
}

async function part(
  client: ConformanceClient,
  upload: OpenUpload,
  number: number,
  body: Uint8Array | string,
): Promise<SentPart> {
  const answer = await send(client, upload, number, body);
  if (answer.status !== 200) throw new Error(`part ${String(number)}: ${answer.verdict}`);
  return { number, etag: answer.headers['etag'] ?? '' };
}

function complete(
  client: ConformanceClient,
  { key, id }: OpenUpload,
  parts: readonly SentPart[],
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const listed = parts.map(
    ({ number, etag }) =>
      `<Part><PartNumber>${String(number)}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`;
  return client.ask({ method: 'POST', key, query: { uploadId: id }, body, headers });
}

/** The ETag of an object of parts: the MD5 of their MD5s, and how many they are. */
function composed(...bodies: (Uint8Array | string)[]): string {
  const whole = createHash('md5');
  for (const body of bodies) whole.update(createHash('md5').update(body).digest());
  return `"${whole.digest('hex')}-${String(bodies.length)}"`;
}

async function headEtag(client: ConformanceClient, { key }: OpenUpload): Promise<string> {
  const { verdict, headers } = await client.ask({ method: 'HEAD', key });
  return `${verdict} ${headers['content-length'] ?? '-'} ${headers['etag'] ?? '-'}`;
}

/** How an object is made of parts. */
export const UPLOAD_CHECKS: readonly ConformanceCheck[] = [
  {
    name: 'makes one object of two parts',
    s3: `200, 200 ${String(MIN_PART_BYTES + 4)} ${composed(LARGE, 'tail')}`,
    verdict: async (client) => {
      const upload = await open(client, 'two');
      const parts = [await part(client, upload, 1, LARGE), await part(client, upload, 2, 'tail')];
      const done = await complete(client, upload, parts);
      return `${done.verdict}, ${await headEtag(client, upload)}`;
    },
  },
  {
    name: "tells a finished upload's ETag",
    s3: composed('only'),
    verdict: async (client) => {
      const upload = await open(client, 'etag');
      const done = await complete(client, upload, [await part(client, upload, 1, 'only')]);
      return elements(done.text, 'ETag')[0] ?? 'absent';
    },
  },
  {
    name: 'takes numbers with gaps, and parts in any order of coming',
    s3: `200, 200 ${String(MIN_PART_BYTES + 4)} ${composed(LARGE, 'tail')}`,
    verdict: async (client) => {
      const upload = await open(client, 'gaps');
      const last = await part(client, upload, 10_000, 'tail');
      const first = await part(client, upload, 7, LARGE);
      const done = await complete(client, upload, [first, last]);
      return `${done.verdict}, ${await headEtag(client, upload)}`;
    },
  },
  {
    name: 'takes the part that came last under a number',
    s3: `200, 200 3 ${composed('new')}`,
    verdict: async (client) => {
      const upload = await open(client, 'again');
      await part(client, upload, 1, 'old one');
      const done = await complete(client, upload, [await part(client, upload, 1, 'new')]);
      return `${done.verdict}, ${await headEtag(client, upload)}`;
    },
  },
  {
    name: 'makes an empty object of an empty part',
    s3: `200, 200 0 ${composed('')}`,
    verdict: async (client) => {
      const upload = await open(client, 'empty');
      const done = await complete(client, upload, [await part(client, upload, 1, '')]);
      return `${done.verdict}, ${await headEtag(client, upload)}`;
    },
  },
  {
    name: 'keeps what was told at the start',
    s3: 'text/css kept',
    verdict: async (client) => {
      const upload = await open(client, 'described', {
        'content-type': 'text/css',
        'x-amz-meta-note': 'kept',
      });
      await complete(client, upload, [await part(client, upload, 1, 'x')]);
      const { headers } = await client.ask({ method: 'HEAD', key: upload.key });
      return `${headers['content-type'] ?? '-'} ${headers['x-amz-meta-note'] ?? '-'}`;
    },
  },
  answers('refuses a small part that is not the last', '400 EntityTooSmall', async (client) => {
    const upload = await open(client, 'small');
    const parts = [await part(client, upload, 1, 'small'), await part(client, upload, 2, 'tail')];
    return complete(client, upload, parts);
  }),
  answers('refuses parts in another order', '400 InvalidPartOrder', async (client) => {
    const upload = await open(client, 'order');
    const parts = [await part(client, upload, 1, LARGE), await part(client, upload, 2, LARGE)];
    return complete(client, upload, parts.reverse());
  }),
  answers('refuses a part with another ETag', '400 InvalidPart', async (client) => {
    const upload = await open(client, 'other-etag');
    await part(client, upload, 1, 'x');
    return complete(client, upload, [{ number: 1, etag: `"${'0'.repeat(32)}"` }]);
  }),
  answers('refuses a part that never came', '400 InvalidPart', async (client) => {
    const upload = await open(client, 'missing');
    const sent = await part(client, upload, 1, LARGE);
    return complete(client, upload, [sent, { number: 2, etag: sent.etag }]);
  }),
  answers('refuses an object of no parts', '400 MalformedXML', async (client) =>
    complete(client, await open(client, 'none'), []),
  ),
  ...[0, 10_001].map((number) =>
    answers(`refuses part ${String(number)}`, '400 InvalidArgument', async (client) =>
      send(client, await open(client, `part-${String(number)}`), number, 'x'),
    ),
  ),
  answers('refuses a part of no upload', '404 NoSuchUpload', (client) =>
    send(client, { key: 'upload/none', id: 'an-id-that-nobody-gave' }, 1, 'x'),
  ),
  answers('refuses to finish twice', '404 NoSuchUpload', async (client) => {
    const upload = await open(client, 'twice');
    const parts = [await part(client, upload, 1, 'x')];
    await complete(client, upload, parts);
    return complete(client, upload, parts);
  }),
  {
    name: 'forgets an upload that is aborted',
    s3: '204, 404 NoSuchUpload, 404',
    verdict: async (client) => {
      const upload = await open(client, 'aborted');
      await part(client, upload, 1, 'x');
      const { key, id } = upload;
      const aborted = await client.ask({ method: 'DELETE', key, query: { uploadId: id } });
      const late = await send(client, upload, 2, 'x');
      const object = await client.ask({ method: 'HEAD', key });
      return [aborted.verdict, late.verdict, object.verdict].join(', ');
    },
  },
  {
    name: 'lists the parts of an upload, and the upload',
    s3: '1 3, 5 1, listed',
    verdict: async (client) => {
      const upload = await open(client, 'listed');
      await part(client, upload, 3, 'x');
      await part(client, upload, 1, 'later');
      const { key, id } = upload;
      const parts = await client.ask({ method: 'GET', key, query: { uploadId: id } });
      const uploads = await client.ask({ method: 'GET', query: { uploads: '', prefix: key } });
      return [
        elements(parts.text, 'PartNumber').join(' '),
        elements(parts.text, 'Size').join(' '),
        elements(uploads.text, 'UploadId').includes(id) ? 'listed' : 'not listed',
      ].join(', ');
    },
  },
  {
    name: 'shows nothing of an upload before it is finished',
    s3: '404',
    verdict: async (client) => {
      const upload = await open(client, 'unseen');
      await part(client, upload, 1, 'x');
      return (await client.ask({ method: 'HEAD', key: upload.key })).verdict;
    },
  },
  answers('leaves an object to a conditional finish', '412 PreconditionFailed', async (client) => {
    const upload = await open(client, 'conditional');
    const parts = [await part(client, upload, 1, 'late')];
    await given(client, upload.key, 'early');
    return complete(client, upload, parts, { 'if-none-match': '*' });
  }),
  answers('finishes conditionally where nothing is', '200', async (client) => {
    const upload = await open(client, 'conditional-new');
    const parts = [await part(client, upload, 1, 'first')];
    return complete(client, upload, parts, { 'if-none-match': '*' });
  }),
];
