import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { STORE_ENV } from '../support/store-rules.ts';
import { type Workplace, workplace } from '../support/workplace.ts';
import {
  dated,
  LAST_MODIFIED,
  messages,
  outcomes,
  totalsOf,
  type VerifyStage,
  verifyStage,
} from '../verify/verify-stage.ts';
import { PLAIN_OBJECT } from '../support/plain-object.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function stage(
  bucket: 'directory' | 's3' = 'directory',
  bodies: readonly string[] = ['alpha', 'beta!!', 'c'],
): Promise<VerifyStage> {
  const objects = bodies.map((body) => [body.slice(0, 1), dated(body)] as const);
  const made = await verifyStage(bucket, Object.fromEntries(objects));
  closing.push(made.close);
  return made;
}

async function listed(at: VerifyStage, name: string, text: string): Promise<string> {
  const file = path.join(at.place.folder, name);
  await writeFile(file, text);
  return file;
}

const md5 = (body: string): string => createHash('md5').update(body).digest('hex');

describe('a key list', () => {
  it('is looked up key by key, each once, and other keys of the bucket are not extra', async () => {
    const at = await stage();
    const keys = await listed(at, 'keys.txt', 'b\na\nnone\na\n');
    const run = await at.verify(['--keys', keys]);
    expect(outcomes(run)).toEqual({ a: 'equal', b: 'equal', none: 'missing' });
    expect([run.code, run.summary?.listed]).toEqual([4, 3]);
  });

  it('may come on stdin', async () => {
    const at = await stage();
    const run = await at.verify(['--keys', '-', '--level', 'size'], { stdin: 'a\nb\n' });
    expect([run.code, outcomes(run)]).toEqual([0, { a: 'equal', b: 'equal' }]);
  });

  it('that declares a wrong size makes the key different, though both sides agree', async () => {
    const at = await stage();
    const keys = await listed(at, 'k.csv', 'key,size\na,5\nb,7\n');
    for (const level of ['size', 'etag', 'full']) {
      const run = await at.verify(['--keys', keys, '--level', level]);
      expect([level, outcomes(run)]).toEqual([level, { a: 'equal', b: 'different' }]);
      expect(messages(run)['b']).toBe('it has 6 bytes in the bucket, expected 7 (as listed)');
    }
  });

  it('that declares an MD5 has it checked against the bytes', async () => {
    const at = await stage();
    const keys = await listed(at, 'k.csv', `key,md5\na,${md5('alpha')}\nb,${md5('wrong')}\n`);
    const run = await at.verify(['--keys', keys, '--level', 'full']);
    expect(outcomes(run)).toEqual({ a: 'equal', b: 'different' });
    expect(messages(run)['b']).toMatch(/^both sides have MD5 .*\(the list\)$/);
  });

  it('that declares another version makes the key different without asking the origin', async () => {
    const at = await stage();
    const modified = new Date(LAST_MODIFIED).toISOString();
    const lines = [
      `{"key":"a","size":5,"etag":"\\"of-5\\""}`,
      `{"key":"b","size":6,"lastModified":"${modified}"}`,
      `{"key":"c","size":1,"etag":"other"}`,
    ];
    const keys = await listed(at, 'k.jsonl', `${lines.join('\n')}\n`);
    const before = at.site.requests.length;
    const run = await at.verify(['--keys', keys]);
    expect(outcomes(run)).toEqual({ a: 'equal', b: 'equal', c: 'different' });
    expect(at.site.requests.slice(before)).toEqual([]);
  });

  it('that contradicts itself, and a line without a key, are unverifiable', async () => {
    const at = await stage();
    const keys = await listed(at, 'k.csv', `key,size\na,5\na,6\nb,six\n`);
    const run = await at.verify(['--keys', keys, '--level', 'size']);
    expect(outcomes(run)).toEqual({ a: 'unverifiable', b: 'unverifiable KEY_INVALID' });
    expect([run.code, run.summary?.listed]).toEqual([3, 2]);
  });

  it('that is empty is complete, and a line says so', async () => {
    const at = await stage();
    const run = await at.verify(['--keys', await listed(at, 'k.txt', '')]);
    expect([run.code, run.summary?.listed]).toEqual([0, 0]);
    expect(run.stderr).toContain('the list names no key to look at');
  });

  it('is looked up by HEAD where the bucket may not be listed', async () => {
    const at = await stage('s3');
    at.store?.fail({
      operation: 'ListObjectsV2',
      times: 1000,
      action: { kind: 'refuse', status: 403, code: 'AccessDenied' },
    });
    const run = await at.verify(['--keys', at.place.keys, '--level', 'size']);
    expect([run.code, outcomes(run)]).toEqual([0, { a: 'equal', b: 'equal', c: 'equal' }]);
    expect((await at.verify(['--level', 'exists'])).code).toBe(5);
  });
});

describe('a body of the bucket', () => {
  it('that breaks off is read again', async () => {
    const at = await stage('s3');
    at.store?.fail({
      operation: 'GetObject',
      key: 'a',
      action: { kind: 'cutBody', afterBytes: 2 },
    });
    expect((await at.verify(['--level', 'full'])).code).toBe(0);
  });

  it('that the bucket refuses makes the key unverifiable', async () => {
    const at = await stage('s3');
    at.store?.fail({
      operation: 'GetObject',
      key: 'a',
      times: 1000,
      action: { kind: 'refuse', status: 403, code: 'AccessDenied' },
    });
    const run = await at.verify(['--level', 'full']);
    expect(run.code).toBe(3);
    expect(outcomes(run)).toEqual({ a: 'unverifiable BUCKET_REFUSED', b: 'equal', c: 'equal' });
  });
});

describe('a manifest', () => {
  it('is all that there ought to be: what else the bucket has is extra', async () => {
    const at = await stage();
    const file = path.join(at.place.folder, 'm.jsonl');
    await runCli(['scan', at.place.rules, '-o', file, '--quiet']);
    at.give('d', dated('new'));
    await writeFile(path.join(at.place.bucket, 'e'), 'by hand');
    await at.remove('a');
    const run = await at.verify(['--manifest', file]);
    expect(outcomes(run)).toEqual({ a: 'missing', b: 'equal', c: 'equal', e: 'extra' });
  });

  it('from a scan of an origin that is gone by now is enough for its sizes', async () => {
    const at = await stage();
    const file = await listed(at, 'm.jsonl', '{"key":"a","size":5}\n{"key":"b","size":6}\n');
    await at.site.close();
    const run = await at.verify(['--manifest', file, '--level', 'size']);
    expect([run.code, outcomes(run)]).toEqual([4, { a: 'equal', b: 'equal', c: 'extra' }]);
  });
});

describe('rules', () => {
  it('that copy nothing, or were not asked for, have keys that nobody looks at', async () => {
    const at = await stage();
    const rules = await readFile(at.place.rules, 'utf8');
    const off = '  - { id: off, match: { keyPrefix: b }, action: off }\n  - id: all';
    await at.place.writeRules(rules.replace('  - id: all', off));
    expect(outcomes(await at.verify())).toEqual({ a: 'equal', c: 'equal' });
    expect(outcomes(await at.verify(['--keys', at.place.keys]))).toEqual({
      a: 'equal',
      c: 'equal',
    });
    const none = await at.verify(['--rule', 'off', '--keys', at.place.keys]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('no rule is left')]);
    expect((await at.verify(['--rule', 'nope'])).code).toBe(2);
    expect((await at.verify(['--rule', 'nope', '--keys', at.place.keys])).code).toBe(2);
  });
});

describe('a sample', () => {
  const bodies = Array.from({ length: 26 }, (_, index) => String.fromCharCode(97 + index));

  it('is told with its seed, and is the same again by it, on both sides', async () => {
    const at = await stage('directory', bodies);
    const first = await at.verify(['--sample', '40%', '--level', 'size']);
    const { seed = '', sample } = totalsOf(first);
    expect(sample).toBe(0.4);
    expect(first.stderr).toContain(`a sample of 40% (--seed ${seed})`);
    const looked = Object.keys(outcomes(first));
    expect(looked.length).toBeGreaterThan(0);
    expect(looked.length).toBeLessThan(26);
    // What is missing, and what is extra, belongs to the very same sample.
    for (const key of bodies.slice(0, 13)) await at.remove(key);
    at.name(bodies.slice(0, 13));
    const again = await at.verify(['--sample', '40%', '--seed', seed, '--level', 'size']);
    const due = looked.map((key) => [key, key < 'n' ? 'missing' : 'extra']);
    expect(outcomes(again)).toEqual(Object.fromEntries(due));
  });

  it.each(['0%', '101%', '5', '-1%', 'five%'])('of %s is refused', async (share) => {
    const run = await runCli(['verify', 'rules.yaml', '--sample', share]);
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('such as 5%')]);
  });
});

describe('S3 on both sides', () => {
  let store: S3Double;
  let place: Workplace;

  async function copied(): Promise<void> {
    store = await startS3Double({ buckets: ['bucket', 'old'] });
    closing.push(() => store.close());
    place = await workplace(`version: 1
allowPrivate: true
bucket: { url: "s3://bucket", endpoint: "${store.endpoint}", credentials: { env: DEST } }
rules:
  - id: all
    origins:
      masters: [{ url: s3://old/, endpoint: "${store.endpoint}", credentials: { env: DEST } }]
      retries: { perAddress: 2, base: 1ms, max: 20ms }
`);
    closing.push(() => place.remove());
    const old = store.bucket('old').objects;
    const bytes = Buffer.from('alpha');
    for (const key of ['a', 'b/\u{1f600}', 'b/\uffee', 'c%2F d']) {
      old.set(key, {
        bytes,
        etag: `"${md5('alpha')}"`,
        lastModifiedMs: Date.parse(LAST_MODIFIED),
        ...PLAIN_OBJECT,
      });
    }
    const filled = await runCli(['migrate', place.rules, '--quiet'], { env: STORE_ENV });
    expect(filled.code, filled.stderr).toBe(0);
    store.forget();
  }
  const verify = (args: readonly string[] = []) =>
    runCli(['verify', place.rules, '--json', ...args], { env: STORE_ENV });

  it('needs no request but listings where ETags are MD5s', async () => {
    await copied();
    const run = await verify();
    expect([run.code, totalsOf(run).equal]).toEqual([0, 4]);
    const asked = store.requests.map(({ operation }) => operation);
    expect(asked).not.toContain('HeadObject');
    expect(asked).not.toContain('GetObject');
    expect(run.objects.map((event) => 'key' in event && event.key)).toEqual([
      'a',
      'b/\uffee',
      'b/\u{1f600}',
      'c%2F d',
    ]);
  });

  it('is told what is not there any more when it is read', async () => {
    await copied();
    store.bucket('bucket').objects.delete('a');
    expect(outcomes(await verify(['--level', 'full']))['a']).toBe('missing');
  });
});
