import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask } from '../support/ask.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { type FaultOrigin, faultOrigin } from '../support/fault-origin.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

let site: FaultOrigin;
let slave: FaultOrigin;
let clock: FakeClock;
let place: Workplace | undefined;
let proxy: ServeHere;

/** Retry-After counts up to 30 seconds. */
async function start(slaves: readonly string[]): Promise<void> {
  const rules = rulesFor([`${site.url}/`], slaves);
  place = await workplace(rules.replace('base: 1ms, max: 20ms', 'base: 200ms, max: 30s'));
  proxy = await serveHere(place, { clock });
}

beforeEach(async () => {
  [site, slave] = await Promise.all([faultOrigin(), faultOrigin()]);
  clock = fakeClock();
});

afterEach(async () => {
  await proxy.stop();
  await Promise.all([site.close(), slave.close(), place?.remove()]);
});

test('a client does not wait for a host that wants to be left alone: the next address is asked', async () => {
  await start([`${slave.url}/`]);
  site.script('/a', { status: 503, headers: { 'Retry-After': '20' } });
  slave.script('/a', { body: 'a' });
  slave.script('/b', { body: 'b' });
  expect((await ask(proxy.url, '/a')).text).toBe('a');
  expect((await ask(proxy.url, '/b')).text).toBe('b');
  expect(site.requestsFor('/b')).toEqual([]);
  await clock.advance(20_000);
  site.script('/c', { body: 'c' });
  expect((await ask(proxy.url, '/c')).text).toBe('c');
  expect(site.requestsFor('/c')).toHaveLength(1);
});

test('where there is no other address that is 424 at once, until the host is asked again', async () => {
  await start([]);
  site.script('/a', { status: 429, headers: { 'Retry-After': '20' } });
  site.script('/b', { body: 'b' });
  expect((await ask(proxy.url, '/a')).status).toBe(424);
  expect((await ask(proxy.url, '/b')).status).toBe(424);
  expect(site.requestsFor('/b')).toEqual([]);
  await clock.advance(20_000);
  expect((await ask(proxy.url, '/b')).text).toBe('b');
});

test('a short pause is waited for, also where there is another address', async () => {
  await start([`${slave.url}/`]);
  site.script('/a', { status: 503, headers: { 'Retry-After': '1' } });
  slave.script('/a', { body: 'a' });
  site.script('/b', { body: 'b' });
  await ask(proxy.url, '/a');
  const answer = ask(proxy.url, '/b');
  await clock.advance(1000);
  expect((await answer).text).toBe('b');
  expect(slave.requestsFor('/b')).toEqual([]);
});
