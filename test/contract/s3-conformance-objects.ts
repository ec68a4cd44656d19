import { answers, elements, given, md5, type ConformanceCheck } from './s3-conformance-check.ts';
import type { ConformanceClient } from './s3-conformance-client.ts';

const EXACT_KEYS: Readonly<Record<string, readonly string[]>> = {
  'with slashes anywhere': ['keys/a', 'keys/a/', 'keys/a//', 'keys/a//b', '/keys', '//keys'],
  'with dot segments': ['keys/./b', 'keys/../b', './keys', '../keys', 'keys/.', 'keys/..', '...'],
  'with escapes of escapes': ['keys/%2F', 'keys/%2f', 'keys/%252F', 'keys/%', 'keys/%zz'],
  'with pluses and spaces': ['keys/+', 'keys/ ', 'keys/a b', 'keys/a+b', 'keys/ end '],
  'with what URLs give a meaning': [
    ...['keys/?', 'keys/#', 'keys/&', 'keys/=', 'keys/;', 'keys/?uploads', 'keys/:'],
    ...["keys/!'()*", 'keys/~', 'keys/"', 'keys/<&>', 'keys/\\', 'keys/|^`{}[]@,$'],
  ],
  'in any script, composed or not': ['keys/caf\u00e9', 'keys/cafe\u0301', 'keys/\u{1f5c4}\uffff'],
  'that differ in case only': ['keys/case', 'keys/Case', 'keys/CASE'],
  'with control characters': ['keys/tab\t', 'keys/line\nbreak', 'keys/\u0001', 'keys/\u007f'],
  'with a NUL': ['keys/nul\u0000nul'],
  'of 1024 bytes': ['k'.repeat(1024), '\u00e9'.repeat(512)],
};

/** Stores each key's own name under it, then reads all: which are not exact? */
async function inexact(client: ConformanceClient, keys: readonly string[]): Promise<string> {
  const wrong: string[] = [];
  const stored: string[] = [];
  for (const key of keys) {
    const { status, verdict } = await client.ask({ method: 'PUT', key, body: key });
    if (status === 200) stored.push(key);
    else wrong.push(`${JSON.stringify(key)} ${verdict}`);
  }
  for (const key of stored) {
    const { status, text, verdict } = await client.ask({ method: 'GET', key });
    if (status !== 200) wrong.push(`${JSON.stringify(key)} stored, then ${verdict}`);
    else if (text !== key) wrong.push(`${JSON.stringify(key)} is ${JSON.stringify(text)}`);
  }
  return wrong.length === 0 ? 'exact' : wrong.join(', ').slice(0, 300);
}

/** Stores an object with these headers and says which of them come back otherwise. */
async function headersKept(
  client: ConformanceClient,
  key: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  await given(client, key, 'x', headers);
  const answer = await client.ask({ method: 'HEAD', key });
  const lost = Object.entries(headers).flatMap(([name, value]) => {
    const back = answer.headers[name];
    return back === value ? [] : [`${name} is ${back ?? 'lost'}`];
  });
  return lost.length === 0 ? 'kept' : lost.join(', ');
}

/** A range of `0123456789`, as status, Content-Range and bytes. */
async function range(client: ConformanceClient, asked: string): Promise<string> {
  await given(client, 'range', '0123456789');
  const answer = await client.ask({ method: 'GET', key: 'range', headers: { range: asked } });
  if (answer.status >= 300) return answer.verdict;
  return [answer.verdict, answer.headers['content-range'] ?? '-', answer.text].join(' ');
}

const ETAG = `"${md5('conditional', 'hex')}"`;
const PAST = 'Thu, 01 Jan 2015 00:00:00 GMT';

function conditional(
  name: string,
  s3: string,
  method: 'GET' | 'HEAD' | 'PUT',
  headers: Readonly<Record<string, string>>,
): ConformanceCheck {
  return answers(name, s3, async (client) => {
    await given(client, 'conditional', 'conditional');
    const body = method === 'PUT' ? { body: 'conditional' } : {};
    return client.ask({ method, key: 'conditional', headers, ...body });
  });
}

/** What is kept of an object, and how it is given back. */
export const OBJECT_CHECKS: readonly ConformanceCheck[] = [
  ...Object.entries(EXACT_KEYS).map(([name, keys]): ConformanceCheck => ({
    name: `keeps keys ${name} apart`,
    s3: 'exact',
    verdict: (client) => inexact(client, keys),
  })),
  answers('refuses a key of 1025 bytes', '400 KeyTooLongError', (client) =>
    client.ask({ method: 'PUT', key: 'k'.repeat(1025), body: 'x' }),
  ),
  {
    name: 'gives a PUT its MD5 as ETag',
    s3: 'MD5',
    verdict: async (client) => {
      const answer = await client.ask({ method: 'PUT', key: 'etag', body: 'body' });
      return answer.headers['etag'] === `"${md5('body', 'hex')}"` ? 'MD5' : 'other';
    },
  },
  {
    name: 'stores an object of no bytes',
    s3: `200 0 "${md5('', 'hex')}"`,
    verdict: async (client) => {
      await given(client, 'empty', '');
      const { verdict, headers } = await client.ask({ method: 'GET', key: 'empty' });
      return [verdict, headers['content-length'] ?? '-', headers['etag'] ?? '-'].join(' ');
    },
  },
  {
    name: 'keeps the headers that S3 has fields for',
    s3: 'kept',
    verdict: (client) =>
      headersKept(client, 'headers', {
        'content-type': 'text/plain; charset=utf-8',
        'content-encoding': 'gzip',
        'content-disposition': 'attachment; filename="a b.txt"',
        'content-language': 'de, en',
        'cache-control': 'public, max-age=60',
        expires: 'Wed, 21 Oct 2037 07:28:00 GMT',
      }),
  },
  {
    name: 'keeps metadata',
    s3: 'kept',
    verdict: (client) =>
      headersKept(client, 'metadata', {
        'x-amz-meta-bucketfill-etag': '"abc-1"',
        'x-amz-meta-url': 'https://a.example/%20?b=c&d#e',
        'x-amz-meta-case': 'MiXed',
      }),
  },
  {
    name: 'keeps metadata without a value',
    s3: 'kept',
    verdict: (client) => headersKept(client, 'metadata-empty', { 'x-amz-meta-empty': '' }),
  },
  {
    name: 'replaces an object with all its metadata',
    s3: '200 new, no metadata',
    verdict: async (client) => {
      await given(client, 'replaced', 'old', { 'x-amz-meta-old': 'old' });
      await given(client, 'replaced', 'new');
      const { verdict, text, headers } = await client.ask({ method: 'GET', key: 'replaced' });
      const left = headers['x-amz-meta-old'] === undefined ? 'no metadata' : 'old metadata';
      return `${verdict} ${text}, ${left}`;
    },
  },
  {
    name: 'keeps tags, and tells how many',
    s3: '200 source=mirror, 1',
    verdict: async (client) => {
      await given(client, 'tags', 'x', { 'x-amz-tagging': 'source=mirror' });
      const { verdict, text } = await client.ask({
        method: 'GET',
        key: 'tags',
        query: { tagging: '' },
      });
      const { headers } = await client.ask({ method: 'HEAD', key: 'tags' });
      const pair = [...elements(text, 'Key'), ...elements(text, 'Value')].join('=');
      return `${verdict} ${pair}, ${headers['x-amz-tagging-count'] ?? '-'}`;
    },
  },
  answers('says that an object is not there', '404 NoSuchKey', (client) =>
    client.ask({ method: 'GET', key: 'absent' }),
  ),
  answers('says so to HEAD of an object, too', '404', (client) =>
    client.ask({ method: 'HEAD', key: 'absent' }),
  ),
  answers('deletes what is not there', '204', (client) =>
    client.ask({ method: 'DELETE', key: 'absent' }),
  ),
  {
    name: 'deletes many at once',
    s3: '200, 404',
    verdict: async (client) => {
      await given(client, 'many/1', 'x');
      const body = '<Delete><Object><Key>many/1</Key></Object></Delete>';
      const deleted = await client.ask({
        method: 'POST',
        query: { delete: '' },
        body,
        headers: { 'content-md5': md5(body, 'base64') },
      });
      const left = await client.ask({ method: 'HEAD', key: 'many/1' });
      return `${deleted.verdict}, ${left.verdict}`;
    },
  },
  ...(
    [
      ['gives the middle', 'bytes=2-4', '206 bytes 2-4/10 234'],
      ['gives the rest', 'bytes=7-', '206 bytes 7-9/10 789'],
      ['gives the end', 'bytes=-3', '206 bytes 7-9/10 789'],
      ['gives what there is of a range too long', 'bytes=8-100', '206 bytes 8-9/10 89'],
      ['refuses a range behind the end', 'bytes=10-', '416 InvalidRange'],
      ['ignores a range that is none', 'lines=1-2', '200 - 0123456789'],
    ] as const
  ).map(([name, asked, s3]): ConformanceCheck => ({
    name,
    s3,
    verdict: (client) => range(client, asked),
  })),
  conditional('reads by If-Match', '200', 'GET', { 'if-match': ETAG }),
  conditional('refuses by If-Match', '412 PreconditionFailed', 'GET', { 'if-match': '"other"' }),
  conditional('is not modified by If-None-Match', '304', 'GET', { 'if-none-match': ETAG }),
  conditional('is modified since long ago', '200', 'GET', { 'if-modified-since': PAST }),
  conditional('refuses what changed since', '412 PreconditionFailed', 'GET', {
    'if-unmodified-since': PAST,
  }),
  conditional('refuses HEAD by If-Match', '412', 'HEAD', { 'if-match': '"other"' }),
  conditional('leaves an object to a conditional PUT', '412 PreconditionFailed', 'PUT', {
    'if-none-match': '*',
  }),
  answers('stores a conditional PUT where nothing is', '200', (client) =>
    client.ask({
      method: 'PUT',
      key: 'conditional/new',
      body: 'x',
      headers: { 'if-none-match': '*' },
    }),
  ),
];
