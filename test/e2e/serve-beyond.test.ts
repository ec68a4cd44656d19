import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask } from '../support/ask.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { type FaultOrigin, faultOrigin } from '../support/fault-origin.ts';
import { plainFiles } from '../support/oracle.ts';
import { rawConnection } from '../support/raw-connection.ts';
import { startS3Double } from '../support/s3-double.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { servedRules, STORE_ENV } from '../support/store-rules.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

let site: FaultOrigin;
let place: Workplace;
let proxy: ServeHere;

beforeEach(async () => {
  site = await faultOrigin();
  place = await workplace(rulesFor([`${site.url}/`]));
});

afterEach(async () => {
  await proxy.stop();
  await Promise.all([site.close(), place.remove()]);
});

test('an object that is larger than the spool is passed on whole, and not stored', async () => {
  proxy = await serveHere(place, { args: ['--spool', '1MiB', '--memory', '32MiB'] });
  const large = Buffer.alloc(3 * 1024 * 1024, 'abc');
  site.script('/a', { body: large });
  const whole = await ask(proxy.url, '/a');
  expect([whole.status, whole.cut, whole.body.equals(large)]).toEqual([200, false, true]);
  const part = await ask(proxy.url, '/a', { headers: { range: 'bytes=3000000-3000009' } });
  expect([part.status, part.body.equals(large.subarray(3_000_000, 3_000_010))]).toEqual([
    206,
    true,
  ]);
  expect(await proxy.event(({ event }) => event === 'filled')).toMatchObject({ outcome: 'failed' });
  expect(proxy.log()).toContain('larger than the spool');
  expect(await plainFiles(place.bucket)).toEqual(new Map());
});

test('a range that an origin answers with other bytes reaches no client', async () => {
  await place.writeRules(`${rulesFor([`${site.url}/`])}    action: proxy\n`);
  proxy = await serveHere(place);
  const other = { status: 206, body: 'xy', headers: { 'Content-Range': 'bytes 1-2/9' } };
  site.script('/a', other);
  expect((await ask(proxy.url, '/a', { headers: { range: 'bytes=-55368' } })).status).toBe(424);
  expect((await ask(proxy.url, '/a', { headers: { range: 'bytes=1-' } })).text).toBe('xy');
});

test('an HTTP/1.0 request with Transfer-Encoding is the last of its connection', async () => {
  site.script('/a', { body: 'AAA' });
  proxy = await serveHere(place);
  const client = await rawConnection(proxy.port);
  const head = 'GET /a HTTP/1.0\r\nhost: x\r\nconnection: keep-alive\r\n';
  const body = 'transfer-encoding: chunked\r\n\r\n0\r\n\r\n';
  client.send(`${head}${body}GET /a HTTP/1.1\r\nhost: x\r\n\r\n`);
  await client.ended();
  expect(client.text().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
});

test('CONNECT is 405, and ends its connection', async () => {
  proxy = await serveHere(place);
  const client = await rawConnection(proxy.port);
  client.send('CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n');
  await client.ended();
  expect(client.text()).toMatch(/^HTTP\/1\.1 405 .*\r\n(.*\r\n)*allow: GET, HEAD, OPTIONS\r\n/i);
});

test('a bucket that is gone is not ready', async () => {
  const store = await startS3Double();
  const clock = fakeClock({ startMs: Date.now() });
  await place.writeRules(servedRules(store, `${site.url}/`, '  - { id: all }\n'));
  const args = ['--admin', '127.0.0.1:0'];
  proxy = await serveHere(place, { env: STORE_ENV, args, clock });
  const [, admin = ''] = /status page on (http:\S+)\//.exec(proxy.log()) ?? [];
  const ready = async (): Promise<number> => (await fetch(`${admin}/readyz`)).status;
  for (const operation of ['HeadObject', 'GetObject'] as const) {
    const action = { kind: 'refuse', status: 404, code: 'NoSuchBucket' } as const;
    store.fail({ operation, times: 9999, action });
  }
  await clock.advance(5000);
  await expect.poll(ready).toBe(503);
  store.healed();
  await clock.advance(5000);
  await expect.poll(ready).toBe(200);
  await store.close();
});

test.each([
  ['passed on', 'action: proxy'],
  ['stored unconfirmed', 'store: { unknownLength: accept }'],
])(
  'a body that only the closed connection ends, and that is %s, ends so for the client',
  async (_, more) => {
    await place.writeRules(`${rulesFor([`${site.url}/`])}    ${more}\n`);
    proxy = await serveHere(place);
    site.script('/a', { body: 'AAA', framing: 'close' });
    const answer = await ask(proxy.url, '/a');
    expect(answer).toMatchObject({ status: 200, text: 'AAA' });
    expect(answer.headers).not.toHaveProperty('transfer-encoding');
    expect(answer.headers).toMatchObject({ connection: 'close' });
  },
);

test('a body that only the closed connection ends, and a second read confirmed, is told as whole', async () => {
  proxy = await serveHere(place);
  site.script('/a', { body: 'AAA', framing: 'close' });
  const answer = await ask(proxy.url, '/a');
  expect(answer).toMatchObject({ status: 200, text: 'AAA', cut: false });
  expect(answer.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
});
