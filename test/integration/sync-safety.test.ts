import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { appendFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startChangingSite } from '../support/changing-site.ts';
import { runCli } from '../support/run-cli.ts';
import { startS3Double } from '../support/s3-double.ts';
import { STORE_ENV } from '../support/store-rules.ts';
import { outcomes, type SyncStage, syncStage } from '../support/sync-stage.ts';
import { rulesFor } from '../support/workplace.ts';
import { PLAIN_OBJECT } from '../support/plain-object.ts';

const DELETE = ['--delete', '--max-delete', '100%'];
const LATER_MS = Date.UTC(2021, 0, 1);

let at: SyncStage;

beforeEach(async () => {
  at = await syncStage();
});

afterEach(() => at.close());

/** The site behind a server that answers every HEAD with a status. */
async function withoutHead(status: number): Promise<{ readonly close: () => void }> {
  const server = createServer((request, response) => {
    if (request.method === 'HEAD') {
      at.site.asked.push(`HEAD ${(request.url ?? '/').slice(1)}`);
      response.writeHead(status).end();
      return;
    }
    fetch(new URL(request.url ?? '/', at.site.url))
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
  await at.place.writeRules(rulesFor([`http://127.0.0.1:${String(port)}/`]));
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
    at.site.put('a.txt', 'one');
    at.site.put('b.txt', 'two');
    await at.sync();
    at.site.hidden.add('a.txt');
    const result = await at.sync(DELETE);
    expect(at.filesAsked()).toEqual(['HEAD a.txt', 'GET a.txt']);
    expect(result.summary?.deletes).toEqual({ planned: 1, kept: 1, failed: 0 });
    expect(await at.stored('a.txt')).toBe('one');
    front.close();
  });

  test('a server that knows no HEAD: what GET does not find is deleted', async () => {
    const front = await withoutHead(501);
    at.site.put('a.txt', 'one');
    at.site.put('b.txt', 'two');
    await at.sync();
    at.site.files.delete('a.txt');
    const result = await at.sync(DELETE);
    expect(result.code).toBe(0);
    expect(outcomes(result)['a.txt']).toBe('deleted');
    front.close();
  });

  test('rules that look elsewhere since: the origin is asked where they look now', async () => {
    const rules = (folder: string) =>
      rulesFor([at.site.url]).replace(
        'id: all\n',
        `id: all\n    match: { keyPrefix: pic/ }\n    key: { replacePrefix: ${folder} }\n`,
      );
    await at.place.writeRules(rules('old/'));
    at.site.put('old/a.txt', 'one');
    at.site.put('old/b.txt', 'two');
    await at.sync();
    at.site.files.clear();
    at.site.put('new/a.txt', 'one');
    at.site.put('new/b.txt', 'two');
    at.site.hidden.add('new/a.txt');
    await at.place.writeRules(rules('new/'));
    expect((await at.sync(DELETE)).code).toBe(6);
    const result = await at.sync([...DELETE, '--new-job']);
    expect(result.summary?.deletes).toEqual({ planned: 1, kept: 1, failed: 0 });
    expect(await at.stored('pic/a.txt')).toBe('one');
  });

  test('what another origin was copied from is kept, also where this job knows no version', async () => {
    const other = await startChangingSite();
    const others = path.join(at.place.folder, 'others.yaml');
    await writeFile(others, rulesFor([other.url]));
    at.site.put('a.txt', 'mine');
    at.site.put('b.txt', 'two');
    await at.sync();
    at.site.put('a.txt', 'edited', LATER_MS);
    at.site.statuses.set('a.txt', 403);
    expect(outcomes(await at.sync())['a.txt']).toBe('failed');
    at.site.statuses.clear();
    other.put('a.txt', 'theirs');
    expect((await runCli(['sync', others])).code).toBe(0);
    at.site.files.delete('a.txt');
    const result = await at.sync(DELETE);
    expect(result.summary?.deletes).toEqual({ planned: 1, kept: 1, failed: 0 });
    expect(await at.stored('a.txt')).toBe('theirs');
    await other.close();
  });

  test('what could not be copied once and is gone since is deleted: it came from this origin', async () => {
    at.site.put('a.txt', 'one');
    at.site.put('b.txt', 'two');
    await at.sync();
    at.site.put('a.txt', 'edited', LATER_MS);
    at.site.statuses.set('a.txt', 403);
    await at.sync();
    at.site.statuses.clear();
    at.site.files.delete('a.txt');
    expect(outcomes(await at.sync(DELETE))['a.txt']).toBe('deleted');
  });
});

describe('what is taken for unchanged', () => {
  test('an edit that --overwrite never passed over is copied once that may be', async () => {
    at.site.put('a.txt', 'one');
    await at.sync();
    at.site.put('a.txt', 'ONE', LATER_MS);
    await at.sync(['--overwrite', 'never', '--new-job']);
    await at.sync(['--overwrite', 'never']);
    expect(await at.stored('a.txt')).toBe('one');
    expect(outcomes(await at.sync(['--new-job']))['a.txt']).toBe('copied');
    expect(await at.stored('a.txt')).toBe('ONE');
  });

  test.each(['none', 'failures'])(
    '--results %s: nothing is asked for once each object was looked at, and failures are tried again',
    async (results) => {
      const args = ['--results', results];
      at.site.put('a.txt', 'one');
      at.site.put('b.txt', 'two');
      await at.sync(args);
      await at.sync(args);
      await at.sync(args);
      expect(at.filesAsked()).toEqual([]);
      at.site.put('a.txt', 'ONE', LATER_MS);
      at.site.statuses.set('a.txt', 403);
      await at.sync(args);
      await at.sync(args);
      expect(at.filesAsked()).toContain('GET a.txt');
      at.site.statuses.clear();
      await at.sync(args);
      expect(await at.stored('a.txt')).toBe('ONE');
    },
  );

  test('--checksum that comes to an interrupted sync says what it will not read', async () => {
    at.site.put('a.txt', 'one');
    await at.sync();
    at.site.put('new.txt', 'new');
    await at.sync([], { killAt: { boundary: 'plan.saved', time: 1 } });
    const result = await at.sync(['--checksum']);
    expect(result.stderr).toContain('1 objects unchanged without --checksum');
  });
});

test('a damaged plan of an interrupted sync is exit 8 and says what to do', async () => {
  at.site.put('a.txt', 'one');
  await at.sync([], { killAt: { boundary: 'plan.saved', time: 1 } });
  const state = path.join(at.place.folder, '.bucketfill');
  const names = await readdir(state, { recursive: true });
  const [draft = ''] = names.filter((name) => /draft\/\d+\.jsonl\.gz$/.test(name));
  await appendFile(path.join(state, draft), 'x');
  const result = await at.sync();
  expect(result.code).toBe(8);
  expect(result.stderr).toContain('--new-job');
  expect((await at.sync(['--new-job'])).code).toBe(0);
});

test('between S3 stores any key goes its way: a beside a/, slashes, surrogates, line ends', async () => {
  const store = await startS3Double({ buckets: ['media', 'old'] });
  const credentials = 'credentials: { env: DEST }';
  await at.place.writeRules(`version: 1
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
  at.site.put('seed', 'x');
  for (const [number, key] of [...gone, ...left].entries()) {
    const bytes = Buffer.from(`body ${String(number)}`);
    const etag = `"${number.toString(16).padStart(32, '0')}-1"`;
    objects.set(key, { ...PLAIN_OBJECT, bytes, etag, lastModifiedMs: 0 });
  }
  const first = await at.sync([], options);
  expect(first.stderr).toContain('14 copied');
  expect(first.summary).toMatchObject({ copied: 14, failed: 0 });
  store.forget();
  const second = await at.sync(DELETE, options);
  expect(second.summary).toMatchObject({ listed: 14, copied: 0, deleted: 0, exitCode: 0 });
  expect(store.asked('GetObject')).toEqual([]);
  for (const key of gone) objects.delete(key);
  const third = await at.sync(DELETE, options);
  expect(third.summary).toMatchObject({ deleted: 7, failed: 0, exitCode: 0 });
  expect(store.bucket('media').keys()).toEqual(
    store
      .bucket('old')
      .keys()
      .map((key) => `site/${key}`),
  );
  await store.close();
});
