import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ServeStatus } from '../../src/model/serve-status.ts';
import { ask } from '../support/ask.ts';
import { type FaultOrigin, faultOrigin } from '../support/fault-origin.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import { plainFiles } from '../support/oracle.ts';
import {
  adminUrl,
  asking,
  errorOf,
  pathOf,
  prefetchFrom,
  QBOX_ENV,
  tokenOf,
} from '../support/qbox-caller.ts';
import { type ServeHere, serveHere } from '../support/serve-here.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const LARGE = Buffer.alloc(300_000, 'a body that is streamed. ');

let site: FaultOrigin;
let gated: GatedOrigin;
let place: Workplace;
let proxy: ServeHere;

beforeEach(async () => {
  [site, gated] = await Promise.all([faultOrigin(), gatedOrigin()]);
  place = await workplace(`${rulesFor([`${site.url}/`])}    protect: { negativeTtl: 1h }
    match: { keyPrefix: s/ }
  - { id: gated, origins: { masters: ["${gated.url}/"] } }
`);
  proxy = await start(QBOX_ENV);
});
afterEach(async () => {
  await proxy.stop();
  await Promise.all([site.close(), gated.close(), place.remove()]);
});

const start = (env: Readonly<Record<string, string>>): Promise<ServeHere> =>
  serveHere(place, { args: ['--admin', '127.0.0.1:0'], env });
const stored = async (key: string): Promise<string | undefined> =>
  (await plainFiles(place.bucket)).get(key)?.toString();
const status = async (): Promise<ServeStatus> =>
  JSON.parse((await ask(adminUrl(proxy), '/api/status')).text) as ServeStatus;

test('prefetches of one key at once share one fetch', async () => {
  gated.hold('/shared', { body: LARGE, sent: 100_000 });
  const first = prefetchFrom(proxy, 'bucket:shared');
  await gated.asked('/shared');
  const others = Array.from({ length: 5 }, async () => prefetchFrom(proxy, 'bucket:shared'));
  // They came before this one, whose answer is here.
  expect((await prefetchFrom(proxy, 'bucket:none')).status).toBe(404);
  gated.release('/shared');
  const answers = await Promise.all([first, ...others]);
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(gated.requestsFor('/shared')).toHaveLength(1);
  gated.hold('/shared', { body: 'newer' });
  expect((await prefetchFrom(proxy, 'bucket:shared')).status).toBe(200);
  expect(await stored('shared')).toBe('newer');
});

test('a prefetch overtakes a fill of the key, which then stores nothing', async () => {
  const held: ServerResponse[] = [];
  const origin = createServer((_request, response) => {
    if (held.length > 0) {
      response.end('newer');
      return;
    }
    held.push(response);
    response.writeHead(200, { 'content-length': LARGE.length });
    response.write(LARGE.subarray(0, 100_000));
    origin.emit('held');
  }).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const { port } = origin.address() as AddressInfo;
  await proxy.stop();
  await place.writeRules(rulesFor([`http://127.0.0.1:${port}/`]));
  proxy = await start(QBOX_ENV);
  const isHeld = once(origin, 'held');
  const read = ask(proxy.url, '/k');
  await isHeld;
  expect((await prefetchFrom(proxy, 'bucket:k')).status).toBe(200);
  held[0]?.end(LARGE.subarray(100_000));
  expect((await read).body.equals(LARGE)).toBe(true);
  await proxy.event(({ key, outcome }) => key === 'k' && outcome === 'exists');
  expect(await stored('k')).toBe('newer');
  origin.closeAllConnections();
  origin.close();
});

test('a prefetch ends what is remembered as absent', async () => {
  expect((await ask(proxy.url, '/s/k')).status).toBe(404);
  expect((await status()).negativeKeys).toBe(1);
  site.script('/s/k', { body: 'there now' });
  expect((await prefetchFrom(proxy, 'bucket:s/k')).status).toBe(200);
  expect((await status()).negativeKeys).toBe(0);
});

test('a prefetch goes on when its caller has left', async () => {
  gated.hold('/left', { body: LARGE, sent: 100_000 });
  const { head, leave } = asking(proxy, 'bucket:left');
  await gated.asked('/left');
  leave();
  await expect(head).rejects.toThrow();
  gated.release('/left');
  await proxy.event(({ key, outcome }) => key === 'left' && outcome === 'stored');
  expect(await stored('left')).toBe(LARGE.toString());
});

test('prefetches are fills in the figures, and no requests of clients', async () => {
  site.script('/s/k', { body: 'x' });
  await prefetchFrom(proxy, 'bucket:s/k');
  await prefetchFrom(proxy, 'bucket:s/missing');
  site.script('/s/broken', { status: 500 });
  await prefetchFrom(proxy, 'bucket:s/broken');
  expect(await status()).toMatchObject({
    totals: { requests: 0 },
    cutover: { lastKeys: [] },
    rules: [{ rule: 'all', requests: 0, neededOrigin: 0, fills: 3, failures: 1 }, {}],
    lastFailures: [{ key: 's/broken', rule: 'all', code: 'ORIGIN_STATUS' }],
    fillsUnderWay: 0,
  });
  const metrics = (await ask(adminUrl(proxy), '/metrics')).text;
  expect(metrics).toContain('bucketfill_fills_total{rule="all",outcome="stored"} 1');
  expect(proxy.log()).not.toContain('sk-canary');
});

test('a directory is called by its own name, and keeps the old object where a prefetch fails', async () => {
  site.script('/s/k', [{ body: 'old' }, { body: 'new' }, { status: 500 }]);
  expect((await prefetchFrom(proxy, 'bucket:s/k')).status).toBe(200);
  expect((await prefetchFrom(proxy, 'bucket:s/k')).status).toBe(200);
  expect(await stored('s/k')).toBe('new');
  expect((await prefetchFrom(proxy, 'bucket:s/k')).status).toBe(478);
  expect(await stored('s/k')).toBe('new');
  expect((await prefetchFrom(proxy, './bucket:s/k')).status).toBe(404);
});

test('what vendors brought is prefetched by, too', async () => {
  await proxy.stop();
  proxy = await start({ ...QBOX_ENV, BUCKETFILL_ADMIN_TOKEN: 'let-me' });
  const headers = { authorization: 'Bearer let-me' };
  const body = JSON.stringify({ source_site: `${site.url}/vendor/` });
  const put = { method: 'PUT', headers, body };
  expect((await ask(adminUrl(proxy), '/?mirror', put)).status).toBe(200);
  site.script('/vendor/s/k', { body: 'of the vendor' });
  expect((await prefetchFrom(proxy, 'bucket:s/k')).status).toBe(200);
  expect(await stored('s/k')).toBe('of the vendor');
});

test.each([
  ['K4 is 401 for all where no keys are configured', {}],
  ['K4 is 401 for all where one of both is missing', { BUCKETFILL_QBOX_ACCESS_KEY: 'ak' }],
  ['K4 is 401 for all where the secret is empty', { ...QBOX_ENV, BUCKETFILL_QBOX_SECRET_KEY: '' }],
])('%s', async (_title, env) => {
  await proxy.stop();
  proxy = await start(env);
  const path = pathOf('bucket:s/k');
  for (const secret of ['', 'undefined', 'sk-canary']) {
    const headers = { authorization: tokenOf(path, '', secret) };
    const answer = await ask(adminUrl(proxy), path, { method: 'POST', headers });
    expect(answer.status).toBe(401);
  }
});

test('SIGTERM waits for the prefetches under way, and none begins after it', async () => {
  gated.hold('/drained', { body: LARGE, sent: 100_000 });
  const answer = prefetchFrom(proxy, 'bucket:drained');
  await gated.asked('/drained');
  proxy.terminate();
  const late = await prefetchFrom(proxy, 'bucket:late');
  expect([late.status, errorOf(late)]).toEqual([599, 'the proxy is told to stop']);
  gated.release('/drained');
  expect((await answer).status).toBe(200);
  expect(await proxy.exit).toBe(0);
  expect(await stored('drained')).toBe(LARGE.toString());
});
