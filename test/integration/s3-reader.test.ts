import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { conformanceClient, type ConformanceClient } from '../contract/s3-conformance-client.ts';
import { radosgw, type RealStore } from './s3-server.ts';

const READER = fileURLToPath(new URL('read_s3.py', import.meta.url));
const START_TIMEOUT_MS = 180_000;

let store: RealStore;
let client: ConformanceClient;
let bucket = '';
let folder = '';

beforeAll(async () => {
  store = await radosgw();
  bucket = await store.makeBucket();
  client = conformanceClient(store, bucket);
  folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-reader-'));
}, START_TIMEOUT_MS);

afterAll(async () => {
  client.close();
  await rm(folder, { recursive: true, force: true });
});

interface Read {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the reader; the boto3 of the system is the one that has it. */
function read(command: string, ...args: readonly string[]): Promise<Read> {
  const where = [command, '--endpoint', store.endpoint, '--bucket', bucket, '--prefix', 'p/'];
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: store.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
  };
  return new Promise((resolve) => {
    const run = ['/usr/bin/python3', [READER, ...where, ...args], { env }] as const;
    execFile(...run, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, stdout, stderr });
    });
  });
}

async function put(key: string, body: string, headers = {}): Promise<void> {
  const { verdict } = await client.ask({ method: 'PUT', key: `p/${key}`, body, headers });
  expect(verdict).toBe('200');
}

const KEYS = ['a b+c', 'd//e', 'f'];

const published = (keys: readonly string[]): string =>
  keys.map((key) => `${key}\tsha256\t${createHash('sha256').update(key).digest('hex')}\n`).join('');

function events(keys: readonly string[], counts = { listed: keys.length }): string {
  const objects = keys.map((key) => ({ event: 'object', key, outcome: 'copied' }));
  const sums = { copied: counts.listed, skipped: 0, failed: 0, carried: { listed: 0 } };
  const summary = { event: 'summary', ...counts, ...sums };
  return [...objects, summary].map((event) => `${JSON.stringify(event)}\n`).join('');
}

async function check(tsv: string, ...runs: readonly string[]): Promise<Read> {
  const list = path.join(folder, 'published.tsv');
  await writeFile(list, tsv);
  const files = runs.map((_, index) => path.join(folder, `run${String(index)}.jsonl`));
  for (const [index, file] of files.entries()) await writeFile(file, runs[index] ?? '');
  return read('check', list, ...files);
}

describe('the independent reader', () => {
  test('finds nothing wrong where all is as published and told', async () => {
    for (const key of KEYS) await put(key, key);
    expect(await check(published(KEYS), events(KEYS))).toEqual({
      code: 0,
      stdout: '3 published, 3 stored, 0 wrong\n',
      stderr: '',
    });
  });

  test('finds what is missing, too much, other, never told, told twice or not summed up', async () => {
    const more = await check(published([...KEYS, 'g']), events([...KEYS, 'g']));
    expect(more).toMatchObject({ code: 1, stderr: 'missing: g\n' });
    const fewer = await check(published(KEYS.slice(1)), events(KEYS.slice(1)));
    expect(fewer).toMatchObject({ code: 1, stderr: 'not published: a b+c\n' });
    const other = await check(published(KEYS).replace(/[0-9a-f]{64}$/m, 'x'), events(KEYS));
    expect(other).toMatchObject({ code: 1, stderr: 'other bytes than published: a b+c\n' });
    const silent = await check(published(KEYS), events(KEYS.slice(1), { listed: 3 }));
    expect(silent).toMatchObject({ code: 1, stderr: 'never told: a b+c\n' });
    const twice = await check(published(KEYS), events([...KEYS, 'f'], { listed: 3 }));
    expect(twice.stderr).toContain('a key is told twice');
    const sum = await check(published(KEYS), events(KEYS, { listed: 2 }));
    expect(sum).toMatchObject({
      code: 1,
      stderr: 'listed and carried do not make up the list\n',
    });
    const killed = await check(published(KEYS), events(KEYS), '{"event":"object","key":"f"}\n');
    expect(killed).toMatchObject({ code: 1, stderr: 'the last run has no summary\n' });
  });

  test('finds an upload that was left over', async () => {
    const started = await client.ask({ method: 'POST', key: 'p/left', query: { uploads: '' } });
    const found = await check(published(KEYS), events(KEYS));
    expect(found).toMatchObject({ code: 1 });
    expect(found.stderr).toMatch(/^multipart upload left over: p\/left \(/);
    expect(await read('dump')).toMatchObject({ code: 1 });
    const uploadId = /<UploadId>([^<]+)</.exec(started.text)?.[1] ?? '';
    await client.ask({ method: 'DELETE', key: 'p/left', query: { uploadId } });
  });

  test('dumps bytes, headers, metadata and tags', async () => {
    const headers = {
      'content-type': 'text/css',
      'cache-control': 'max-age=1',
      expires: 'Wed, 21 Oct 2037 07:28:00 GMT',
      'x-amz-meta-note': 'n',
      'x-amz-tagging': 'source=mirror',
    };
    await put('described', 'body', headers);
    const { code, stdout } = await read('dump');
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    const described = lines.find((line) => line.includes('p/described')) ?? '{}';
    expect(JSON.parse(described)).toMatchObject({
      key: 'p/described',
      size: 4,
      md5: createHash('md5').update('body').digest('hex'),
      headers: { ContentType: 'text/css', CacheControl: 'max-age=1', Expires: headers.expires },
      metadata: { note: 'n' },
      tags: { source: 'mirror' },
    });
  });
});
