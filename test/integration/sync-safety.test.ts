import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ChangingSite, startChangingSite } from '../support/changing-site.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { startS3Double } from '../support/s3-double.ts';
import { STORE_ENV } from '../support/store-rules.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const DELETE = ['--delete', '--max-delete', '100%'];
/** An object of the double without anything beside its bytes. */
const PLAIN = {
  lastModifiedMs: 0,
  checksums: {},
  headers: {},
  metadata: {},
  tags: {},
  storageClass: 'STANDARD',
  acl: 'private',
  sse: undefined,
};
const LATER_MS = Date.UTC(2021, 0, 1);

let site: ChangingSite;
let place: Workplace;

beforeEach(async () => {
  site = await startChangingSite();
  place = await workplace(rulesFor([site.url]));
});

afterEach(async () => {
  await site.close();
  await place.remove();
});

async function sync(args: readonly string[] = [], options: CliOptions = {}): Promise<CliResult> {
  site.asked.length = 0;
  return runCli(['sync', place.rules, '--json', ...args], options);
}

function outcomes({ objects }: CliResult): Record<string, string> {
  return Object.fromEntries(
    objects.map((event) => ['key' in event ? event.key : event.keyBase64, event.outcome]),
  );
}

const stored = (key: string) => readFile(path.join(place.bucket, key), 'utf8');
const filesAsked = () => site.asked.filter((line) => !/ (.*\/)?$| robots\.txt$/.test(line));

/** The site behind a server that answers every HEAD with a status. */
async function withoutHead(status: number): Promise<{ readonly close: () => void }> {
  const server = createServer((request, response) => {
    if (request.method === 'HEAD') {
      site.asked.push(`HEAD ${(request.url ?? '/').slice(1)}`);
      response.writeHead(status).end();
      return;
    }
    fetch(new URL(request.url ?? '/', site.url))
      .then(async (answer) => {
        const lastModified = answer.headers.get('last-modified');
        response.writeHead(answer.status, {
          'content-type': answer.headers.get('content-type') ?? 'text/plain',
          ...(lastModified === null ? {} : { 'last-modified': lastModified }),
        });
        response.end(Buffer.from(await answer.arrayBuffer()));
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await place.writeRules(rulesFor([`http://127.0.0.1:${String(port)}/`]));
  return {
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('deletes', () => {
  test('a server that answers HEAD with 404 and GET with the file: it is kept', async () => {
    const front = await withoutHead(404);
    site.put('a.txt', 'one');
    site.put('b.txt', 'two');
    await sync();
    site.hidden.add('a.txt');
    const result = await sync(DELETE);
    expect(filesAsked()).toEqual(['HEAD a.txt', 'GET a.txt']);
    expect(result.summary?.deletes).toEqual({ planned: 1, kept: 1, failed: 0 });
    expect(await stored('a.txt')).toBe('one');
    front.close();
  });

  test('a server that knows no HEAD: what GET does not find is deleted', async () => {
    const front = await withoutHead(501);
    site.put('a.txt', 'one');
    site.put('b.txt', 'two');
    await sync();
    site.files.delete('a.txt');
    const result = await sync(DELETE);
    expect(result.code).toBe(0);
    expect(outcomes(result)['a.txt']).toBe('deleted');
    front.close();
  });

  test('rules that look elsewhere since: the origin is asked where they look now', async () => {
    const rules = (folder: string) =>
      rulesFor([site.url]).replace(
        'id: all\n',
        `id: all\n    match: { keyPrefix: pic/ }\n    key: { replacePrefix: ${folder} }\n`,
      );
    await place.writeRules(rules('old/'));
    site.put('old/a.txt', 'one');
    site.put('old/b.txt', 'two');
    await sync();
    site.files.clear();
    site.put('new/a.txt', 'one');
    site.put('new/b.txt', 'two');
    site.hidden.add('new/a.txt');
    await place.writeRules(rules('new/'));
    expect((await sync(DELETE)).code).toBe(6);
    const result = await sync([...DELETE, '--new-job']);
    expect(result.summary?.deletes).toEqual({ planned: 1, kept: 1, failed: 0 });
    expect(await stored('pic/a.txt')).toBe('one');
  });

  test('what another origin was copied from is kept, also where this job knows no version', async () => {
    const other = await startChangingSite();
    const others = path.join(place.folder, 'others.yaml');
    await writeFile(others, rulesFor([other.url]));
    site.put('a.txt', 'mine');
    site.put('b.txt', 'two');
    await sync();
    site.put('a.txt', 'edited', LATER_MS);
    site.statuses.set('a.txt', 403);
    expect(outcomes(await sync())['a.txt']).toBe('failed');
    site.statuses.clear();
    other.put('a.txt', 'theirs');
    expect((await runCli(['sync', others])).code).toBe(0);
    site.files.delete('a.txt');
    const result = await sync(DELETE);
    expect(result.summary?.deletes).toEqual({ planned: 1, kept: 1, failed: 0 });
    expect(await stored('a.txt')).toBe('theirs');
    await other.close();
  });

  test('what could not be copied once and is gone since is deleted: it came from this origin', async () => {
    site.put('a.txt', 'one');
    site.put('b.txt', 'two');
    await sync();
    site.put('a.txt', 'edited', LATER_MS);
    site.statuses.set('a.txt', 403);
    await sync();
    site.statuses.clear();
    site.files.delete('a.txt');
    expect(outcomes(await sync(DELETE))['a.txt']).toBe('deleted');
  });
});

describe('what is taken for unchanged', () => {
  test('an edit that --overwrite never passed over is copied once that may be', async () => {
    site.put('a.txt', 'one');
    await sync();
    site.put('a.txt', 'ONE', LATER_MS);
    await sync(['--overwrite', 'never', '--new-job']);
    await sync(['--overwrite', 'never']);
    expect(await stored('a.txt')).toBe('one');
    expect(outcomes(await sync(['--new-job']))['a.txt']).toBe('copied');
    expect(await stored('a.txt')).toBe('ONE');
  });

  test.each(['none', 'failures'])(
    '--results %s: nothing is asked for once each object was looked at, and failures are tried again',
    async (results) => {
      const args = ['--results', results];
      site.put('a.txt', 'one');
      site.put('b.txt', 'two');
      await sync(args);
      await sync(args);
      await sync(args);
      expect(filesAsked()).toEqual([]);
      site.put('a.txt', 'ONE', LATER_MS);
      site.statuses.set('a.txt', 403);
      await sync(args);
      await sync(args);
      expect(filesAsked()).toContain('GET a.txt');
      site.statuses.clear();
      await sync(args);
      expect(await stored('a.txt')).toBe('ONE');
    },
  );

  test('--checksum that comes to an interrupted sync says what it will not read', async () => {
    site.put('a.txt', 'one');
    await sync();
    site.put('new.txt', 'new');
    await sync([], { killAt: { boundary: 'plan.saved', time: 1 } });
    const result = await sync(['--checksum']);
    expect(result.stderr).toContain('1 objects unchanged without --checksum');
  });
});

test('a damaged plan of an interrupted sync is exit 8 and says what to do', async () => {
  site.put('a.txt', 'one');
  await sync([], { killAt: { boundary: 'plan.saved', time: 1 } });
  const state = path.join(place.folder, '.bucketfill');
  const names = await readdir(state, { recursive: true });
  const [draft = ''] = names.filter((name) => /draft\/\d+\.jsonl\.gz$/.test(name));
  await appendFile(path.join(state, draft), 'x');
  const result = await sync();
  expect(result.code).toBe(8);
  expect(result.stderr).toContain('--new-job');
  expect((await sync(['--new-job'])).code).toBe(0);
});

test('between S3 stores any key goes its way: a beside a/, slashes, surrogates, line ends', async () => {
  const store = await startS3Double({ buckets: ['media', 'old'] });
  const credentials = 'credentials: { env: DEST }';
  await place.writeRules(`version: 1
allowPrivate: true
bucket: { url: 's3://media/site/', endpoint: '${store.endpoint}', ${credentials} }
rules:
  - id: all
    origins:
      masters: [{ url: 's3://old', endpoint: '${store.endpoint}', ${credentials} }]
`);
  const gone = ['\u{1F600}', '\uE000', 'a', 'a/', '/x', 'a%2Fb', 'n\nl'];
  const left = ['a/b', 'a//b', '../y', 'a/b/', '+ +', 'c?d', '\uFFFD'];
  const { objects } = store.bucket('old');
  const options = { env: STORE_ENV };
  site.put('seed', 'x');
  for (const [number, key] of [...gone, ...left].entries()) {
    const bytes = Buffer.from(`body ${String(number)}`);
    const etag = `"${number.toString(16).padStart(32, '0')}-1"`;
    objects.set(key, { ...PLAIN, bytes, etag });
  }
  const first = await sync([], options);
  expect(first.stderr).toContain('14 copied');
  expect(first.summary).toMatchObject({ copied: 14, failed: 0 });
  store.forget();
  const second = await sync(DELETE, options);
  expect(second.summary).toMatchObject({ listed: 14, copied: 0, deleted: 0, exitCode: 0 });
  expect(store.asked('GetObject')).toEqual([]);
  for (const key of gone) objects.delete(key);
  const third = await sync(DELETE, options);
  expect(third.summary).toMatchObject({ deleted: 7, failed: 0, exitCode: 0 });
  expect(store.bucket('media').keys()).toEqual(
    store
      .bucket('old')
      .keys()
      .map((key) => `site/${key}`),
  );
  await store.close();
});
