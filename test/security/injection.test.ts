import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { encodeSegments } from '../../src/rules/origin-url.ts';
import { parseRules } from '../../src/rules/parse-rules.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { fill, insideDirectory, wronglyStored } from '../fidelity/roads.ts';
import { testOrigin } from '../support/fault-origin-adapter.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { plainFiles } from '../support/oracle.ts';
import { runCli } from '../support/run-cli.ts';
import { DOUBLE_KEYS, startS3Double, type S3Double } from '../support/s3-double.ts';
import { rulesFor, workplace, type Workplace } from '../support/workplace.ts';

let site: FaultOrigin;
let place: Workplace;

beforeEach(async () => {
  site = await faultOrigin();
  place = await workplace(rulesFor([`${site.url}/`]));
});
afterEach(async () => {
  await Promise.all([site.close(), place.remove()]);
});

const STORE_ENV = {
  DEST_ACCESS_KEY_ID: DOUBLE_KEYS.accessKeyId,
  DEST_SECRET_ACCESS_KEY: DOUBLE_KEYS.secretAccessKey,
};

/** Rules from the site into the bucket `media` of a store. */
function rulesInto({ endpoint }: S3Double): string {
  const bucket = `url: s3://media/\n  endpoint: ${endpoint}\n  credentials: { env: DEST }`;
  return rulesFor([`${site.url}/`]).replace('url: file:./bucket', bucket);
}

const EVIL_KEYS = [
  'a HTTP/1.1\r\nx-evil: 1\r\n\r\nGET /b',
  'a\r\nx-evil: 1',
  'a\nx-evil: 1',
  'a\rx-evil: 1',
];

const NAMES_OF_A_PLAIN_REQUEST = ['accept-encoding', 'connection', 'host', 'user-agent'];

describe('line breaks in a key', () => {
  test('reach a site as its path, and write no header and no second request', async () => {
    for (const key of EVIL_KEYS) site.script(`/${encodeSegments(key)}`, { body: key });
    const run = await runCli(['prefetch', place.rules, '--json', ...EVIL_KEYS]);
    expect(run.summary).toMatchObject({ copied: EVIL_KEYS.length, failed: 0 });
    const asked = site.requests.filter(({ path: raw }) => raw !== '/');
    expect(asked).toHaveLength(EVIL_KEYS.length);
    for (const { headers } of asked) {
      expect(
        Object.keys(headers).filter((name) => !NAMES_OF_A_PLAIN_REQUEST.includes(name)),
      ).toEqual([]);
    }
  });

  test('reach a store as its path, in the note of where the object is from neither', async () => {
    for (const key of EVIL_KEYS) site.script(`/${encodeSegments(key)}`, { body: key });
    const store = await startS3Double({ buckets: ['media'] });
    await place.writeRules(rulesInto(store));
    const run = await runCli(['prefetch', place.rules, '--json', ...EVIL_KEYS], { env: STORE_ENV });
    await store.close();
    expect(run.summary).toMatchObject({ copied: EVIL_KEYS.length });
    expect(new Set(store.bucket('media').keys())).toEqual(new Set(EVIL_KEYS));
    for (const { headers } of store.requests) expect(headers).not.toHaveProperty('x-evil');
  });

  test('and controls are escaped where people read them', async () => {
    const key = 'gone\u001b[2J\u001b]0;title\u0007\r\nfailed: 0';
    const run = await runCli(['prefetch', place.rules, key]);
    expect(run.code).toBe(3);
    // eslint-disable-next-line no-control-regex -- controls are what it looks for
    expect(run.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
    expect(run.stderr.split('\n')).not.toContain('failed: 0');
  });
});

describe('a URL that a list gives', () => {
  const never = new AbortController().signal;
  const read = async (url: string): Promise<string> => {
    const origin = testOrigin(`${site.url}/`, { headers: { authorization: 'Bearer own' } });
    try {
      return await origin.read(
        originRequest('k', { url }),
        async (answer) => Buffer.from(await answer.bytes(99)).toString(),
        never,
      );
    } finally {
      await origin.close();
    }
  };

  test.each([
    'file:///etc/passwd',
    'ftp://127.0.0.1/x',
    'javascript:alert(1)',
    'data:,x',
    '//127.0.0.1/x',
    '/etc/passwd',
    'http://127.0.0.1\r\nx-evil: 1/',
    'http://127.0.0.1:80\n80/',
    'http://\u0000/',
    '',
  ])('is refused where it is none of http: %j', async (url) => {
    await expect(read(url)).rejects.toMatchObject({ code: 'KEY_INVALID' });
    expect(site.requests).toEqual([]);
  });

  test('carries line breaks and NUL in its path or query encoded, and writes no header', async () => {
    site.script('/a%0D%0Ax-evil:%201%00?q=%0D%0Ax-evil:%202', { body: 'asked' });
    expect(await read(`${site.url}/a\r\nx-evil: 1\u0000?q=\r\nx-evil: 2`)).toBe('asked');
    expect(site.requests).toHaveLength(1);
    expect(site.requests[0]?.headers).not.toHaveProperty('x-evil');
  });
});

describe('line breaks and NUL in the rules', () => {
  const errorsOf = (bucket: string, rule: string): string[] =>
    parseRules(
      `version: 1\nbucket: { url: "s3://media/", ${bucket} }\nrules: [{ id: a, ${rule} }]`,
      'rules.yaml',
    )
      .problems.filter(({ severity }) => severity === 'error')
      .map(({ path: where }) => where);

  const origins = (more: string): string =>
    `origins: { masters: [{ url: "https://a.example/", ${more} }] }`;
  const FINE = origins('weight: 1');

  test.each(['\\r\\n', '\\n', '\\r', '\\0'])(
    '%s is refused at every field that is sent',
    (evil) => {
      const bad = `"a${evil}x-evil: 1"`;
      expect({
        region: errorsOf(`region: ${bad}`, FINE),
        acl: errorsOf(`acl: ${bad}`, FINE),
        storageClass: errorsOf(`storageClass: ${bad}`, FINE),
        sse: errorsOf(`sse: { type: ${bad} }`, FINE),
        hostHeader: errorsOf('', origins(`hostHeader: ${bad}`)),
        serverName: errorsOf('', origins(`serverName: ${bad}`)),
        connectTo: errorsOf('', origins(`connectTo: ${bad}`)),
        header: errorsOf('', origins(`headers: { x-a: ${bad} }`)),
        headerName: errorsOf('', origins(`headers: { ${bad}: b }`)),
        url: errorsOf('', `origins: { masters: ["https://a.example/${evil}x"] }`),
        set: errorsOf('', `${FINE}, request: { headers: { set: { x-a: ${bad} } } }`),
      }).toEqual(
        Object.fromEntries(
          [
            ...['region', 'acl', 'storageClass', 'sse', 'hostHeader', 'serverName', 'connectTo'],
            ...['header', 'headerName', 'url', 'set'],
          ].map((name) => [name, [expect.any(String)]]),
        ),
      );
    },
  );
});

describe('an answer whose head is an attack', () => {
  const KB = 1024;
  const raw = (line: string): string => `HTTP/1.1 200 OK\r\n${line}\r\ncontent-length: 1\r\n\r\n`;
  const ATTACKS: readonly (readonly [string, FaultAnswer])[] = [
    ['a header of 20 KB', { headers: { 'x-amz-meta-a': 'x'.repeat(20 * KB) } }],
    [
      'a thousand headers',
      {
        headers: Object.fromEntries(
          Array.from({ length: 1000 }, (_, i) => [`x-h-${i}`, 'xxxxxxxxxx']),
        ),
      },
    ],
    ['a NUL in a header', { rawHead: raw('x-amz-meta-a: b\u0000c') }],
    ['a lone CR in a header', { rawHead: raw('x-amz-meta-a: b\rx-evil: 1') }],
    ['a NUL in a name', { rawHead: raw('x-amz-meta-\u0000a: b') }],
    ['a space before the colon', { rawHead: raw('x-amz-meta-a : b') }],
    ['metadata over 2 KB', { headers: { 'x-amz-meta-a': 'x'.repeat(3 * KB) } }],
  ];
  test('is refused with a code, and nothing is stored', async () => {
    const keys = ATTACKS.map((_, index) => `attack-${String(index)}`);
    for (const [index, [, answer]] of ATTACKS.entries()) {
      site.script(`/attack-${String(index)}`, { body: 'x', ...answer });
    }
    await place.list(keys);
    const run = await place.migrate();
    expect(run.code).toBe(3);
    const codes: Record<string, string> = {};
    for (const event of run.objects) {
      const index = 'key' in event ? Number(event.key.slice('attack-'.length)) : -1;
      codes[ATTACKS[index]?.[0] ?? ''] =
        ('code' in event ? event.code : undefined) ?? event.outcome;
    }
    expect(codes).toEqual({
      'a header of 20 KB': 'ORIGIN_UNREACHABLE',
      'a thousand headers': 'ORIGIN_UNREACHABLE',
      'a NUL in a header': 'ORIGIN_UNREACHABLE',
      'a lone CR in a header': 'ORIGIN_UNREACHABLE',
      'a NUL in a name': 'ORIGIN_UNREACHABLE',
      'a space before the colon': 'ORIGIN_UNREACHABLE',
      'metadata over 2 KB': 'METADATA_TOO_LARGE',
    });
    expect([...(await plainFiles(place.bucket)).keys()]).toEqual([]);
  });

  test('with a control character in a stored header is refused by a store', async () => {
    site.script('/k', { body: 'x', rawHead: raw('cache-control: a\u0001b') });
    await place.list(['k']);
    const store = await startS3Double({ buckets: ['media'] });
    await place.writeRules(rulesInto(store));
    const run = await place.migrate([], { env: STORE_ENV });
    await store.close();
    expect(run.summary).toMatchObject({ copied: 0, failed: 1 });
    expect(store.bucket('media').keys()).toEqual([]);
  });
});

describe('keys that climb', () => {
  const CLIMBING = [
    '../outside',
    '../../outside',
    '/outside',
    'a/../../outside',
    '.bucketfill-bucket/format',
    '.bucketfill-bucket/../../outside',
    '..\\outside',
    'c:\\outside',
  ];

  test('from a store into a directory stay inside it, each under its own name', async () => {
    const store = await startS3Double({ buckets: ['old'] });
    fill(store, 'old', CLIMBING);
    await place.writeRules(`version: 1
allowPrivate: true
bucket: { url: "file:./bucket" }
rules:
  - id: all
    origins: { masters: [{ url: "s3://old/", endpoint: "${store.endpoint}", credentials: { env: DEST } }] }
`);
    await place.list(CLIMBING);
    const before = await readdir(path.dirname(place.folder));
    const run = await place.migrate([], { env: STORE_ENV });
    await store.close();
    expect(run.summary).toMatchObject({ copied: CLIMBING.length, failed: 0 });
    expect(wronglyStored(await insideDirectory(place), CLIMBING)).toEqual([]);
    const beside = ['.bucketfill', 'bucket', 'keys.txt', 'rules.yaml'];
    expect((await readdir(place.folder)).sort()).toEqual(beside);
    expect(before.filter((name) => name === 'outside')).toEqual([]);
  });
});
