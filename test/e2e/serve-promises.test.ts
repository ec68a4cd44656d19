import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask } from '../support/ask.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { type FaultOrigin, faultOrigin } from '../support/fault-origin.ts';
import { gatedOrigin } from '../support/gated-origin.ts';
import { plainFiles } from '../support/oracle.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const redirecting = (url: string): string =>
  `${rulesFor([`${url}/`])}    action: redirectAndFetch\n`;
const ended = (proxy: ServeHere, outcome: string, nth = 1) =>
  proxy.event(
    () =>
      proxy.events().filter((one) => one.event === 'filled' && one.outcome === outcome).length >=
      nth,
  );

let site: FaultOrigin;
let clock: FakeClock;
let place: Workplace;
let proxy: ServeHere | undefined;

beforeEach(async () => {
  site = await faultOrigin();
  clock = fakeClock();
  place = await workplace(redirecting(site.url));
});

afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  await Promise.all([site.close(), place.remove()]);
});

test('a promised fetch whose origin is down is told once, and tried until it is there', async () => {
  proxy = await serveHere(place, { clock });
  site.script('/k', { status: 500 });
  expect((await ask(proxy.url, '/k')).status).toBe(302);
  await ended(proxy, 'failed');
  await expect
    .poll(() => proxy?.log())
    .toContain('"k" was promised and not stored, it is tried again');
  await clock.advance(30_000);
  await ended(proxy, 'failed', 2);
  site.script('/k', { body: 'promised' });
  await clock.advance(30_000);
  await ended(proxy, 'stored');
  const { length: requests } = site.requestsFor('/k');
  expect([...(await plainFiles(place.bucket)).keys()]).toEqual(['k']);
  expect(proxy.log().match(/was promised/g)).toHaveLength(1);
  await clock.advance(60_000);
  expect(site.requestsFor('/k')).toHaveLength(requests);
});

test('a promised fetch of what no origin has is given up, which is told', async () => {
  proxy = await serveHere(place, { clock });
  site.script('/k', { status: 404 });
  await ask(proxy.url, '/k');
  await ended(proxy, 'failed');
  await expect
    .poll(() => proxy?.log())
    .toContain('"k" was promised and not stored, it is given up');
  await clock.advance(60_000);
  await proxy.stop();
  proxy = await serveHere(place, { clock });
  await clock.advance(60_000);
  expect(site.requestsFor('/k')).toHaveLength(1);
});

test('a promised fetch of what never fits into the spool is given up, which is told', async () => {
  const args = ['--spool', '1MiB', '--memory', '32MiB'];
  proxy = await serveHere(place, { clock, args });
  site.script('/k', { body: Buffer.alloc(3_000_000) });
  await ask(proxy.url, '/k');
  await expect.poll(() => proxy?.log()).toContain('it is given up: a body of 3000000 bytes');
  await clock.advance(60_000);
  expect(site.requestsFor('/k')).toHaveLength(1);
});

test('a promised fetch whose origin is down at the next start is made by the one after it', async () => {
  const gated = await gatedOrigin();
  gated.hold('/k', { body: 'x', sent: -1 });
  await place.writeRules(redirecting(gated.url));
  proxy = await serveHere(place, { clock });
  await ask(proxy.url, '/k');
  await gated.asked('/k');
  await proxy.stop();
  await gated.close();
  proxy = await serveHere(place, { clock });
  await ended(proxy, 'failed');
  await proxy.stop();
  site.script('/k', { body: 'promised' });
  await place.writeRules(redirecting(site.url));
  proxy = await serveHere(place, { clock });
  await ended(proxy, 'stored');
  expect([...(await plainFiles(place.bucket)).keys()]).toEqual(['k']);
});
