import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ServeStatus } from '../../src/model/serve-status.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { plainFiles } from '../support/oracle.ts';
import { type ServeHere, serveHere } from '../support/serve-here.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const BEARER = { authorization: 'Bearer let-me' };

let site: FaultOrigin;
let place: Workplace;
let proxy: ServeHere;

beforeEach(async () => {
  site = await faultOrigin();
  site.script('/a', { body: 'of the origin', headers: { ETag: '"a"' } });
  place = await workplace(rulesFor([`${site.url}/`]));
  proxy = await start();
});
afterEach(async () => {
  await proxy.stop();
  await Promise.all([site.close(), place.remove()]);
});

async function start(): Promise<ServeHere> {
  const args = ['--admin', '127.0.0.1:0'];
  return serveHere(place, { args, env: { BUCKETFILL_ADMIN_TOKEN: 'let-me' } });
}

function admin(target: string, method = 'GET', headers = {}): Promise<Response> {
  const [, url = ''] = /status page on (http:\S+)\//.exec(proxy.log()) ?? [];
  return fetch(`${url}${target}`, { method, headers });
}

const read = async (key: string): Promise<string> => (await fetch(`${proxy.url}/${key}`)).text();
const status = async (): Promise<ServeStatus> =>
  (await (await admin('/api/status')).json()) as ServeStatus;

test('what is served is seen on the status page, in the metrics and in the gauge', async () => {
  await read('a');
  await proxy.event(({ event }) => event === 'filled');
  await read('a');
  await proxy.event(({ mark }) => mark === 'HIT');
  expect(await status()).toMatchObject({
    state: 'serving',
    totals: { requests: 2, hits: 1, misses: 1 },
    rules: [{ rule: 'all', source: 'file', requests: 2, neededOrigin: 1, fills: 1 }],
    origins: [{ origin: `${site.url}/`, state: 'closed', requests: 1 }],
    cutover: { verdict: { safe: false }, lastKeys: [{ key: 'a', mark: 'MISS' }] },
  });
  const metrics = await (await admin('/metrics')).text();
  expect(metrics).toContain('bucketfill_fills_total{rule="all",outcome="stored"} 1');
  expect(await (await admin('/')).text()).toContain('1 key needed the origin');
  expect((await admin('/readyz')).status).toBe(200);
  expect(await (await admin('/api/explain?key=x/y')).json()).toMatchObject({
    originUrls: [`${site.url}/x/y`],
  });
});

test('the gauge goes on where a restart cut it', async () => {
  await read('a');
  await proxy.stop();
  proxy = await start();
  expect((await status()).cutover.lastKeys).toMatchObject([{ key: 'a', rule: 'all' }]);
});

test('new rules are in force after a reload, and what is under way ends by the old ones', async () => {
  site.script('/slow', { body: 'x'.repeat(9), delayMs: 300 });
  const slow = read('slow');
  const other = await faultOrigin();
  other.script('/b', { body: 'of the other' });
  await place.writeRules(rulesFor([`${other.url}/`]));
  const reloaded = await admin('/api/reload', 'POST', BEARER);
  expect(await reloaded.json()).toEqual({ ok: true, rules: 1 });
  expect(await read('b')).toBe('of the other');
  expect(await slow).toBe('x'.repeat(9));
  await other.close();
});

test('rules that are none leave those in force', async () => {
  await place.writeRules('version: 1\nrulez: []\n');
  const refused = await admin('/api/reload', 'POST', BEARER);
  expect(refused.status).toBe(422);
  expect(await refused.text()).toContain('rulez');
  expect(await read('a')).toBe('of the origin');
});

test('another bucket is for another start', async () => {
  const rules = rulesFor([`${site.url}/`]).replace('file:./bucket', 'file:./other');
  await place.writeRules(rules);
  const refused = await admin('/api/reload', 'POST', BEARER);
  expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('bucket:')]);
});

test('nobody reloads or flushes without the token', async () => {
  expect((await admin('/api/reload', 'POST')).status).toBe(403);
  expect((await admin('/api/negative/flush?prefix=', 'POST')).status).toBe(403);
});

test('a token comes from a file, too, and an empty one is refused', async () => {
  const file = path.join(place.folder, 'token');
  await writeFile(file, '\n');
  const empty = serveHere(place, { args: ['--admin-token-file', file] });
  await expect(empty).rejects.toThrow('is empty');
});

test('a fetch that a client was promised is made by the next process', async () => {
  await proxy.stop();
  await place.writeRules(`${rulesFor([`${site.url}/`])}    action: redirectAndFetch\n`);
  site.script('/k', [
    { body: 'promised', cutHead: { afterBytes: 0, how: 'stall' } },
    { body: 'promised' },
  ]);
  proxy = await start();
  const answer = await fetch(`${proxy.url}/k`, { redirect: 'manual' });
  expect([answer.status, answer.headers.get('location')]).toEqual([302, `${site.url}/k`]);
  await expect.poll(() => site.requests.length).toBe(1);
  await proxy.stop();
  expect(await plainFiles(place.bucket)).toEqual(new Map());
  proxy = await start();
  await proxy.event(({ event, outcome }) => event === 'filled' && outcome === 'stored');
  expect([...(await plainFiles(place.bucket)).keys()]).toEqual(['k']);
});

test('a port that is taken is exit 2 and named', async () => {
  const args = ['--admin', `127.0.0.1:${String(proxy.port)}`];
  await expect(serveHere(place, { args })).rejects.toThrow(/--admin 127\.0\.0\.1:\d+: can't be/);
});
