import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { contradictions, plainFiles } from '../support/oracle.ts';
import { runCli } from '../support/run-cli.ts';
import { deadPort, type Site, siteBody, startSite } from '../support/site.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

let site: Site;
let place: Workplace;

beforeAll(async () => {
  site = await startSite(60);
});
afterAll(async () => {
  await site.close();
});
beforeEach(async () => {
  place = await workplace(rulesFor([site.url]));
  await place.list(site.keys);
});
afterEach(async () => {
  await place.remove();
});

const everything = () => ({
  entries: site.keys,
  objects: site.digests,
  stored: () => plainFiles(place.bucket),
});

test('a list of keys fills the bucket, and every entry is told once', async () => {
  const run = await place.migrate([], { ownProcess: true });
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('60 copied');
  expect(run.events[0]).toMatchObject({ event: 'start', schema: 1, command: 'migrate' });
  expect(run.summary).toMatchObject({ listed: 60, copied: 60, exitCode: 0, resumed: false });
  expect(run.summary?.originRequests).toBe(60);
  expect(await contradictions([run], everything())).toEqual([]);
});

test('a second run skips what is there, and copies again what was lost', async () => {
  await place.migrate();
  const [lost = ''] = site.keys;
  const { rm } = await import('node:fs/promises');
  await rm(path.join(place.bucket, lost));
  const run = await place.migrate();
  expect(run.summary).toMatchObject({ resumed: false, copied: 1, skipped: 59 });
  expect(await contradictions([run], everything())).toEqual([]);
});

test('H15 a dead master is passed over, and the slave delivers', async () => {
  const dead = `http://127.0.0.1:${String(await deadPort())}/`;
  await place.writeRules(rulesFor([dead], [site.url]));
  const run = await place.migrate();
  expect(run.code).toBe(0);
  expect(run.objects.every((event) => 'origin' in event && event.origin === site.url)).toBe(true);
  // After enough refused connections the breaker spares the dead address further tries.
  expect(run.events).toContainEqual(
    expect.objectContaining({ event: 'origin', origin: dead, state: 'open' }),
  );
  expect(await contradictions([run], everything())).toEqual([]);
});

test('a key that no origin has fails alone: exit 3, told with its code', async () => {
  await place.list([...site.keys, 'missing.bin']);
  const run = await place.migrate();
  expect(run.code).toBe(3);
  expect(run.summary).toMatchObject({ copied: 60, failed: 1, exitCode: 3 });
  expect(run.objects).toContainEqual(
    expect.objectContaining({ key: 'missing.bin', code: 'ORIGIN_NOT_FOUND', status: 404 }),
  );
  expect(run.stderr).toContain('failed: missing.bin: ORIGIN_NOT_FOUND');
});

test('a dry run tells what would be copied and leaves no trace', async () => {
  await mkdir(path.join(place.bucket, 'dir0'), { recursive: true });
  await writeFile(path.join(place.bucket, 'dir0/object-0.bin'), 'there already');
  const run = await place.migrate(['--dry-run']);
  expect(run.code).toBe(0);
  expect(run.summary).toMatchObject({ listed: 60, planned: 59, skipped: 1, copied: 0 });
  expect([...(await plainFiles(place.bucket)).keys()]).toEqual(['dir0/object-0.bin']);
  expect(await readdir(place.folder)).not.toContain('.bucketfill');
});

test('a dry run promises no key that could not be asked for', async () => {
  await place.list(['../climbs', 'a/./b', 'dir0/object-0.bin']);
  const run = await place.migrate(['--dry-run']);
  expect(run.summary).toMatchObject({ planned: 1, failed: 2 });
});

test('a run that its start check refuses leaves no bucket behind', async () => {
  await place.writeRules(rulesFor([`http://127.0.0.1:${String(await deadPort())}/`]));
  expect((await place.migrate()).code).toBe(5);
  expect((await readdir(place.folder)).sort()).toEqual(['keys.txt', 'rules.yaml']);
});

describe('a body whose end only a closed connection marks', () => {
  test('that was cut is asked for again, at the same address', async () => {
    const { faultOrigin } = await import('../support/fault-origin.ts');
    const origin = await faultOrigin();
    const whole = { body: 'x'.repeat(5000), framing: 'close' } as const;
    const cut = { ...whole, cutBody: { afterBytes: 2000, how: 'end' } } as const;
    origin.script('/k', [cut, whole, whole]);
    await place.writeRules(rulesFor([`${origin.url}/`]));
    await place.list(['k']);
    const run = await place.migrate();
    expect(run.objects).toEqual([
      expect.objectContaining({ outcome: 'copied', bytes: 5000, lengthVerified: true }),
    ]);
    expect(run.code).toBe(0);
    await origin.close();
  });
});

describe('secrets', () => {
  test('of a rule do not follow a redirect to another site, other headers do', async () => {
    const { faultOrigin } = await import('../support/fault-origin.ts');
    const [origin, elsewhere] = await Promise.all([faultOrigin(), faultOrigin()]);
    origin.script('/k', { status: 302, headers: { location: `${elsewhere.url}/moved` } });
    elsewhere.script('/moved', { body: 'here' });
    const set = '{ x-api-key: { env: API_KEY }, x-from: mirror }';
    await place.writeRules(
      rulesFor([`${origin.url}/`], [], `    request: { headers: { set: ${set} } }\n`),
    );
    await place.list(['k']);
    const run = await place.migrate([], { env: { API_KEY: 'canary-7f3a' } });
    expect(run.code).toBe(0);
    expect(origin.requestsFor('/k')[0]?.headers).toMatchObject({ 'x-api-key': 'canary-7f3a' });
    expect(elsewhere.requestsFor('/moved')[0]?.headers).toMatchObject({ 'x-from': 'mirror' });
    expect(elsewhere.requestsFor('/moved')[0]?.headers).not.toHaveProperty('x-api-key');
    expect(run.stdout + run.stderr).not.toContain('canary-7f3a');
    await Promise.all([origin.close(), elsewhere.close()]);
  });
});

describe('what is there already', () => {
  const key = 'dir0/object-0.bin';

  test('is never overwritten by default', async () => {
    await mkdir(path.join(place.bucket, 'dir0'), { recursive: true });
    await writeFile(path.join(place.bucket, key), 'mine');
    const run = await place.migrate();
    expect(run.summary).toMatchObject({ copied: 59, skipped: 1 });
    expect(await readFile(path.join(place.bucket, key), 'utf8')).toBe('mine');
  });

  test('is overwritten with --overwrite always', async () => {
    await place.migrate();
    const run = await place.migrate(['--overwrite', 'always', '--new-job']);
    expect(run.summary).toMatchObject({ copied: 60, skipped: 0 });
  });

  test('is left alone with --overwrite changed where the origin has the same version', async () => {
    await place.migrate();
    await writeFile(path.join(place.bucket, key), 'changed by hand, so without a known version');
    const run = await place.migrate(['--overwrite', 'changed', '--new-job']);
    expect(run.summary).toMatchObject({ copied: 1, skipped: 59 });
    expect(run.objects).toContainEqual(expect.objectContaining({ reason: 'unchanged' }));
    expect(await contradictions([run], everything())).toEqual([]);
  });
});

describe('key lists', () => {
  test('blank lines, CRLF and a BOM are no part of a key; repeats are told as such', async () => {
    const text = '\uFEFFdir0/object-0.bin\r\n\r\ndir1/object-1.bin\r\n\n\ndir1/object-1.bin\n';
    await place.list(Buffer.from(`${text}dir2/object-2.bin\ndir0/object-0.bin`));
    const run = await place.migrate(['--concurrency', '1']);
    expect(run.code).toBe(0);
    expect(run.objects.map((event) => ('reason' in event ? event.reason : event.outcome))).toEqual(
      expect.arrayContaining(['copied', 'copied', 'copied', 'duplicate', 'exists']),
    );
    expect(run.summary).toMatchObject({ listed: 5, copied: 3, skipped: 2 });
  });

  test('lines that hold no key fail one by one, and the rest is copied', async () => {
    const long = 'k'.repeat(2000);
    await place.list(
      Buffer.concat([
        Buffer.from(`dir0/object-0.bin\n${long}\n`),
        Buffer.from([0xff, 0xfe, 0x41, 0x0a]),
        Buffer.from('dir1/object-1.bin\n'),
      ]),
    );
    const run = await place.migrate();
    expect(run.code).toBe(3);
    expect(run.summary).toMatchObject({ listed: 4, copied: 2, failed: 2 });
    const failed = run.objects.filter((event) => event.outcome === 'failed');
    expect(failed).toContainEqual(
      expect.objectContaining({
        key: long,
        code: 'KEY_INVALID',
        message: expect.stringContaining('2000 bytes') as string,
      }),
    );
    expect(failed).toContainEqual(
      expect.objectContaining({ keyBase64: Buffer.from([0xff, 0xfe, 0x41]).toString('base64') }),
    );
  });

  test('an empty list is a notice and exit 0', async () => {
    await place.list([]);
    const run = await place.migrate();
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('the list holds no keys');
    expect(run.summary).toMatchObject({ listed: 0, exitCode: 0 });
  });

  test('a gzip list works from a file and from stdin', async () => {
    const zipped = gzipSync(site.keys.map((key) => `${key}\n`).join(''));
    const file = path.join(place.folder, 'keys.gz');
    await writeFile(file, zipped);
    const fromFile = await runCli(['migrate', place.rules, '--keys', file, '--json']);
    expect(fromFile.summary).toMatchObject({ copied: 60 });
    const fromStdin = await runCli(['migrate', place.rules, '--keys', '-', '--json'], {
      stdin: zipped,
    });
    expect(fromStdin.code).toBe(0);
    expect(fromStdin.summary).toMatchObject({ listed: 60, skipped: 60 });
  });

  test('a killed run from stdin resumes when the same list comes again', async () => {
    const stdin = site.keys.map((key) => `${key}\n`).join('');
    const args = ['migrate', place.rules, '--keys', '-', '--json', '--concurrency', '4'];
    const killed = await runCli(args, {
      stdin,
      killAt: { boundary: 'checkpoint.committed', time: 1 },
    });
    const other = await runCli(args, { stdin: stdin.replace('object', 'project') });
    expect(other.code).toBe(6);
    expect(other.stderr).toContain('--new-job');
    const resumed = await runCli(args, { stdin });
    expect(resumed.code).toBe(0);
    expect(resumed.summary?.resumed).toBe(true);
    expect(await contradictions([killed, resumed], everything())).toEqual([]);
  });
});

test('odd keys keep their bytes, on the wire and in the bucket', async () => {
  const { faultOrigin } = await import('../support/fault-origin.ts');
  const origin = await faultOrigin();
  const wire = new Map([
    ['a b+c', '/a%20b%2Bc'],
    ['p%2Fq', '/p%252Fq'],
    ['x//y', '/x//y'],
    ['/lead', '//lead'],
    ['z?v=1#f', '/z%3Fv%3D1%23f'],
    ["!'()*", '/%21%27%28%29%2A'],
    ['caf\u00e9', '/caf%C3%A9'],
    ['cafe\u0301', '/cafe%CC%81'],
    ['dir/', '/dir/'],
  ]);
  for (const [key, target] of wire) origin.script(target, { body: `bytes of ${key}` });
  await place.writeRules(rulesFor([`${origin.url}/`]));
  await place.list([...wire.keys()]);
  const run = await place.migrate();
  expect(run.objects.filter((event) => event.outcome !== 'copied')).toEqual([]);
  expect(run.code).toBe(0);
  for (const target of wire.values()) expect(origin.requestsFor(target)).toHaveLength(1);
  expect((await plainFiles(place.bucket)).get('p%2Fq')?.toString()).toBe('bytes of p%2Fq');
  await origin.close();
});

test('siteBody spans both ways of storing, one buffer and a stream', () => {
  const sizes = site.keys.map((key) => siteBody(key).length);
  expect(sizes.some((size) => size > 1024 * 1024)).toBe(true);
  expect(sizes.some((size) => size < 5000)).toBe(true);
});
