import { createHash } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FaultOrigin, faultOrigin } from '../support/fault-origin.ts';
import { expectAllAccountedFor } from '../support/kill-and-resume.ts';
import { plainFiles } from '../support/oracle.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { startS3Double } from '../support/s3-double.ts';
import { deadPort, startSite } from '../support/site.ts';
import { STORE_ENV } from '../support/store-rules.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const TIME = 'Sat, 31 Jan 2026 23:59:59 GMT';
const digest = (body: string, as: 'base64' | 'hex' = 'base64'): string =>
  createHash('md5').update(body).digest(as);

let origin: FaultOrigin;
let elsewhere: FaultOrigin;
let place: Workplace;

beforeEach(async () => {
  [origin, elsewhere] = await Promise.all([faultOrigin(), faultOrigin()]);
  place = await workplace(rulesFor([`${origin.url}/`]));
});
afterEach(async () => {
  await Promise.all([origin.close(), elsewhere.close(), place.remove()]);
});

async function migrateList(
  name: string,
  bytes: string | Uint8Array,
  args: readonly string[] = [],
  options: CliOptions = {},
): Promise<CliResult> {
  const file = path.join(place.folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, bytes);
  return runCli(['migrate', place.rules, '--keys', file, '--json', ...args], options);
}

const migrateStdin = (
  stdin: string | Uint8Array,
  args: readonly string[] = [],
): Promise<CliResult> =>
  runCli(['migrate', place.rules, '--keys', '-', '--json', ...args], { stdin });

async function stored(): Promise<Readonly<Record<string, string>>> {
  const files = await plainFiles(place.bucket);
  return Object.fromEntries([...files].map(([key, bytes]) => [key, Buffer.from(bytes).toString()]));
}

describe('a list in', () => {
  beforeEach(() => {
    elsewhere.script('/hidden?sig=1', {
      body: 'hello',
      headers: { etag: '"e"', 'last-modified': TIME },
    });
  });
  const url = (): string => `${elsewhere.url}/hidden?sig=1`;
  const md5 = digest('hello');

  test.each([
    ['csv', () => `key,url,md5,size\na/b.txt,${url()},${md5},5\n`, 'a/b.txt'],
    ['tsv', () => `key\turl\tetag\tlastModified\na/b.txt\t${url()}\te\t${TIME}\n`, 'a/b.txt'],
    ['jsonl', () => `${JSON.stringify({ key: 'a/b.txt', url: url(), md5, size: 5 })}\n`, 'a/b.txt'],
    ['gcs-tsv', () => `TsvHttpData-1.0\n${url()}\t5\t${md5}\n`, '127.0.0.1/hidden'],
    ['url-key', () => `${url()}\ta/b.txt\n`, 'a/b.txt'],
  ] as const)(
    '%s takes each key from its URL, whatever the rule asks',
    async (format, list, key) => {
      const run = await migrateList('list', list(), ['--keys-format', format]);
      expect(run.objects).toEqual([
        expect.objectContaining({
          key,
          outcome: 'copied',
          rule: 'all',
          origin: `${elsewhere.url}/`,
        }),
      ]);
      expect(run.code).toBe(0);
      expect(await stored()).toEqual({ [key]: 'hello' });
      expect(origin.requests.map((request) => request.path)).toEqual(['/']);
    },
  );

  test('gzip is told by its name before .gz', async () => {
    const run = await migrateList(
      'list.jsonl.gz',
      gzipSync(JSON.stringify({ key: 'k', url: url() })),
    );
    expect(run.code).toBe(0);
    expect(await stored()).toEqual({ k: 'hello' });
  });

  test('an S3 Inventory is found with its files by the name manifest.json', async () => {
    origin.script('/a%20b.txt', {
      body: 'hello',
      headers: { etag: '"abc"', 'last-modified': TIME },
    });
    const rows = gzipSync('"media","a+b.txt","5","2026-01-31T23:59:59.000Z","abc"\n');
    await writeFile(path.join(place.folder, 'x.csv.gz'), rows);
    const manifest = {
      sourceBucket: 'media',
      fileFormat: 'CSV',
      fileSchema: 'Bucket, Key, Size, LastModifiedDate, ETag',
      files: [
        {
          key: 'p/data/x.csv.gz',
          size: rows.length,
          MD5checksum: createHash('md5').update(rows).digest('hex'),
        },
      ],
    };
    const run = await migrateList('manifest.json', JSON.stringify(manifest, undefined, 1));
    expect(run.objects).toEqual([expect.objectContaining({ key: 'a b.txt', outcome: 'copied' })]);
    expect(await stored()).toEqual({ 'a b.txt': 'hello' });
  });

  test('JSON Lines may be the events of an earlier run', async () => {
    origin.script('/k', { body: 'x', headers: { etag: '"v1"' } });
    const first = await migrateList('list', 'k\nmissing\n');
    expect(first.code).toBe(3);
    origin.script('/missing', { body: 'y', headers: { etag: '"v2"' } });
    const again = await migrateList('events.jsonl', first.stdout);
    expect(again.summary).toMatchObject({ listed: 2, skipped: 1, copied: 1 });
    expect(await stored()).toEqual({ k: 'x', missing: 'y' });
  });
});

describe('what a list declares is verified, and nothing is stored that differs:', () => {
  test.each([
    ['size', '4', 'LENGTH_MISMATCH'],
    ['md5', digest('other'), 'DIGEST_MISMATCH'],
    ['md5', digest('other', 'hex'), 'DIGEST_MISMATCH'],
    ['etag', 'v2', 'ORIGIN_CHANGED'],
    ['lastModified', '2026-01-31T23:59:58Z', 'ORIGIN_CHANGED'],
  ])('%s %s', async (field, value, code) => {
    for (const key of ['bad', 'good']) {
      const headers = { etag: 'W/"v1"', 'last-modified': TIME };
      origin.script(`/${key}`, { body: 'hello', headers });
    }
    const good = { key: 'good', size: 5, md5: digest('hello'), etag: 'v1', lastModified: TIME };
    const bad = { ...good, key: 'bad', [field]: value };
    const list = [bad, good].map((line) => JSON.stringify(line)).join('\n');
    const run = await migrateList('list.jsonl', list);
    expect(run.code).toBe(3);
    expect(run.objects).toContainEqual(expect.objectContaining({ key: 'bad', code }));
    expect(await stored()).toEqual({ good: 'hello' });
  });

  test('what the origin does not tell', async () => {
    for (const key of ['a', 'b']) origin.script(`/${key}`, { body: 'hello' });
    const run = await migrateList(
      'list.csv',
      `key,etag,lastModified\na,v1,\nb,,${TIME}`.replace(TIME, '2026-01-31T23:59:59Z'),
    );
    expect(run.objects.map((event) => 'code' in event && event.code)).toEqual([
      'ORIGIN_CHANGED',
      'ORIGIN_CHANGED',
    ]);
    expect(run.stderr).toContain('the answer has no ETag, the list says v1');
    expect(await stored()).toEqual({});
  });
});

describe('a URL of a list', () => {
  test("gets the rule's credentials only at their own scheme, host and port", async () => {
    await place.writeRules(
      rulesFor(
        [],
        [],
        '    request: { headers: { set: { x-token: { env: TOKEN }, x-plain: y } } }\n',
      ).replace(
        'masters: []',
        `masters: [{ url: '${origin.url}/base/', headers: { authorization: { env: AUTH } } }]`,
      ),
    );
    origin.script('/own', { body: 'own' });
    elsewhere.script('/foreign', { body: 'foreign' });
    elsewhere.script('/back', { status: 302, headers: { Location: `${origin.url}/own` } });
    const list = `key,url\na,${origin.url}/own\nb,${elsewhere.url}/foreign\nc,${elsewhere.url}/back\n`;
    const run = await migrateList('list.csv', list, [], {
      env: { AUTH: 'canary', TOKEN: 'canary' },
    });
    expect(run.code).toBe(0);
    expect(await stored()).toEqual({ a: 'own', b: 'foreign', c: 'own' });
    const [direct, redirected] = origin.requestsFor('/own');
    expect(direct?.headers).toMatchObject({ authorization: 'canary', 'x-token': 'canary' });
    expect(JSON.stringify([redirected, ...elsewhere.requests])).not.toContain('canary');
    expect(elsewhere.requestsFor('/foreign')[0]?.headers).toMatchObject({ 'x-plain': 'y' });
  });

  test('is held to the address policy, and its own userinfo is shown nowhere', async () => {
    elsewhere.script('/a?token=canary', { body: 'a' });
    const withUser = elsewhere.url.replace('//', '//user:canary@');
    const list = `key,url\na,${withUser}/a?token=canary\nb,http://169.254.169.254/latest\n`;
    const run = await migrateList('list.csv', list);
    const told = expect.arrayContaining([
      expect.objectContaining({ key: 'a', outcome: 'copied', origin: `${elsewhere.url}/` }),
      expect.objectContaining({ key: 'b', code: 'ADDRESS_REFUSED' }),
    ]) as unknown;
    expect(run.objects).toEqual(told);
    expect(elsewhere.requestsFor('/a?token=canary')[0]?.headers['authorization']).toMatch(
      /^Basic /,
    );
    expect(run.stdout + run.stderr).not.toContain('canary');
  });

  test('at a site that never answered fails alone, and is held against no address', async () => {
    const dead = `http://127.0.0.1:${String(await deadPort())}`;
    origin.script('/z', { body: 'z' });
    const wrong = Array.from({ length: 40 }, (_, index) => `w${String(index)},${dead}/x\n`);
    const run = await migrateList('list.csv', `key,url\n${wrong.join('')}z,\n`);
    expect(run.code).toBe(3);
    expect(run.summary).toMatchObject({ failed: 40, copied: 1 });
    expect(run.objects).toContainEqual(
      expect.objectContaining({ key: 'w0', code: 'ORIGIN_UNREACHABLE', origin: `${dead}/` }),
    );
    const states = run.events.filter((event) => event.event === 'origin');
    expect(states.map((event) => event.origin)).not.toContain(`${origin.url}/`);
    expect(await stored()).toEqual({ z: 'z' });
  });

  test('is asked over HTTP also where the rule has nothing but an S3 origin', async () => {
    const store = await startS3Double({
      buckets: ['old'],
      keys: [{ accessKeyId: 'test', secretAccessKey: 'testtest' }],
    });
    const master = `{ url: 's3://old/', endpoint: '${store.endpoint}', credentials: { env: DEST } }`;
    await place.writeRules(rulesFor([]).replace('masters: []', `masters: [${master}]`));
    elsewhere.script('/a', { body: 'a' });
    const run = await migrateList('list', `${elsewhere.url}/a\tk\n`, ['--keys-format', 'url-key'], {
      env: STORE_ENV,
    });
    expect(run.code).toBe(0);
    expect(await stored()).toEqual({ k: 'a' });
    expect(JSON.stringify(elsewhere.requests)).not.toContain('AWS4');
    await store.close();
  });

  test('makes a dry run ask nobody by a key that could not be asked for', async () => {
    const run = await migrateList('list', `${elsewhere.url}/a\ta/./b\n`, [
      '--keys-format',
      'url-key',
      '--dry-run',
    ]);
    expect(run.summary).toMatchObject({ planned: 1, failed: 0 });
  });
});

describe('a list that is none of its format', () => {
  test.each([
    ['list.csv', 'size\n1\n', [], 'names no column key'],
    ['list.jsonl', '[{"key":"a"}]', [], 'JSON array'],
    ['list', 'a\n', ['--keys-format', 'gcs-tsv'], 'TsvHttpData-1.0'],
    ['manifest.json', '{"fileSchema":"Key"}', [], 'no manifest.json of an S3 Inventory'],
  ])('%s ends the command before anybody is asked: %s', async (name, text, args, reason) => {
    const run = await migrateList(name, text, args);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(reason);
    expect(run.stdout).toBe('');
    expect(origin.requests).toEqual([]);
    expect(await readdir(place.folder)).not.toContain('.bucketfill');
  });

  test('on stdin begins no job, so that the right one can be given next', async () => {
    const run = await migrateStdin('size\n1\n', ['--keys-format', 'csv']);
    expect(run.code).toBe(2);
    expect(run.stdout).toBe('');
    origin.script('/a', { body: 'a' });
    expect((await migrateStdin('key\na\n', ['--keys-format', 'csv'])).code).toBe(0);
  });

  test('an S3 Inventory on stdin is refused with why', async () => {
    const run = await migrateStdin('{}', ['--keys-format', 's3-inventory']);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('its files lie beside its manifest');
  });

  test('in single lines only: each is a failure with its place, and the rest is copied', async () => {
    origin.script('/a', { body: 'a' });
    const run = await migrateList('list.csv', 'key,size\nb,x\n"c\na,1\n');
    expect(run.code).toBe(3);
    expect(run.objects).toEqual([
      expect.objectContaining({ key: 'b', code: 'KEY_INVALID', attempts: 0 }),
      expect.objectContaining({ key: '', code: 'KEY_INVALID' }),
      expect.objectContaining({ key: 'a', outcome: 'copied' }),
    ]);
    expect(run.stderr).toContain('byte 9 of the list');
  });
});

test.each([
  ['list.csv', 'key,size\n'],
  ['list.tsv', ''],
  ['list.jsonl', '\n'],
  ['list', 'TsvHttpData-1.0\n'],
])('an empty list is a success with a notice: %s %j', async (name, text) => {
  const run = await migrateList(name, text);
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('the list holds no keys');
});

test('columns that mean nothing are told once', async () => {
  origin.script('/a', { body: 'a' });
  const run = await migrateList('list.csv', 'key,owner\na,me\na,me\n');
  expect(run.stderr.match(/columns that mean nothing here: owner/g)).toHaveLength(1);
});

describe('on stdin', () => {
  test.each([
    ['jsonl', ['--keys-format', 'jsonl'], (url: string) => JSON.stringify({ key: 'k', url })],
    ['gzip of csv', ['--keys-format', 'csv'], (url: string) => gzipSync(`key,url\nk,${url}\n`)],
    ['gcs-tsv, told by its first line', [], (url: string) => `TsvHttpData-1.0\n${url}\n`],
  ] as const)('%s works as in a file', async (_, args, list) => {
    elsewhere.script('/a', { body: 'a' });
    const run = await migrateStdin(list(`${elsewhere.url}/a`), args);
    expect(run.code).toBe(0);
    expect(Object.values(await stored())).toEqual(['a']);
  });
});

describe('the format', () => {
  test('belongs to the job: the same file read otherwise is another list', async () => {
    origin.script('/a', { body: 'a' });
    await migrateList('list.csv', 'key\na\n');
    const otherwise = await migrateList('list.csv', 'key\na\n', ['--keys-format', 'plain']);
    expect(otherwise.code).toBe(6);
    expect(otherwise.stderr).toContain('--keys-format');
    expect((await migrateList('list.csv', 'key\na\n', ['--keys-format', 'csv'])).code).toBe(0);
  });

  test('may come from the environment, and is one of a few', async () => {
    origin.script('/a', { body: 'a' });
    const env = { BUCKETFILL_KEYS_FORMAT: 'csv' };
    expect((await migrateList('list', 'key\na\n', [], { env })).summary?.copied).toBe(1);
    const wrong = await migrateList('list', 'a\n', ['--keys-format', 'xml']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('s3-inventory');
  });
});

test.each([
  ['checkpoint.begun', 1],
  ['bucket.committed', 40],
  ['checkpoint.committed', 1],
])('killed at %s, time %i, a run over csv.gz resumes to its end', async (boundary, time) => {
  const site = await startSite(150);
  await place.writeRules(rulesFor([site.url]));
  const list = gzipSync(`size,key\n${site.keys.map((key) => `,"${key}"\n`).join('')}`);
  const killed = await migrateList('list.csv.gz', list, [], { killAt: { boundary, time } });
  expect(killed.code).toBeNull();
  const resumed = await migrateList('list.csv.gz', list);
  expect(resumed.code).toBe(0);
  expect(resumed.summary?.resumed).toBe(true);
  await expectAllAccountedFor(site, place, [killed, resumed]);
  await site.close();
});
