import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ServeStatus } from '../../src/model/serve-status.ts';
import { ask } from '../support/ask.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const OPEN_MS = 30_000;
const STATES = { closed: 0, 'half-open': 1, open: 2 };

let site: FaultOrigin;
let slave: FaultOrigin;
let place: Workplace;
let clock: FakeClock;
let proxy: ServeHere;

beforeEach(async () => {
  [site, slave] = await Promise.all([faultOrigin(), faultOrigin()]);
  clock = fakeClock();
  place = await workplace(rulesOf([]));
});
afterEach(async () => {
  await proxy.stop();
  await Promise.all([site.close(), slave.close(), place.remove()]);
});

function rulesOf(slaves: readonly string[]): string {
  return rulesFor(
    [`${site.url}/`],
    slaves,
    `    protect: { breaker: { minimumCalls: 4, ratio: 0.5, window: 30s, open: 30s } }\n`,
  );
}

async function start(slaves: readonly string[]): Promise<void> {
  await place.writeRules(rulesOf(slaves));
  proxy = await serveHere(place, { args: ['--admin', '127.0.0.1:0'], clock });
}

/** The breaker of the first master, as both the metrics and the status page tell it. */
async function breakerState(): Promise<string | undefined> {
  const [, admin = ''] = /status page on (http:\S+)\//.exec(proxy.log()) ?? [];
  const status = (await (await fetch(`${admin}/api/status`)).json()) as ServeStatus;
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  const told = status.origins.find(({ origin }) => origin === `${site.url}/`)?.state;
  const line = metrics
    .split('\n')
    .find((one) => one.startsWith(`bucketfill_origin_breaker_state{origin="${site.url}/"}`));
  if (told !== undefined && line !== undefined) {
    expect(line.endsWith(` ${STATES[told]}`)).toBe(true);
  }
  return line === undefined ? undefined : told;
}

async function failFourTimes(): Promise<void> {
  for (const key of ['a', 'b', 'c', 'd']) {
    site.script(`/${key}`, { cutHead: { afterBytes: 0, how: 'end' } });
    await ask(proxy.url, `/${key}`);
  }
}

const stored = (name: string) =>
  proxy.event(({ key, outcome }) => key === name && outcome === 'stored');

test('an address that fails again and again is left alone, tried once, and told so in the metrics', async () => {
  await start([]);
  expect(await breakerState()).toBeUndefined();
  await failFourTimes();
  expect(await breakerState()).toBe('open');
  site.script('/e', { body: 'there again' });
  const refused = await ask(proxy.url, '/e');
  expect(refused).toMatchObject({ status: 424, cut: false });
  expect(site.requestsFor('/e')).toEqual([]);
  await clock.advance(OPEN_MS);
  site.script('/f', { cutHead: { afterBytes: 0, how: 'end' } });
  expect((await ask(proxy.url, '/f')).status).toBe(424);
  expect(await breakerState()).toBe('open');
  await clock.advance(OPEN_MS);
  expect(await ask(proxy.url, '/e')).toMatchObject({ status: 200, text: 'there again' });
  await stored('e');
  expect(await breakerState()).toBe('closed');
});

test('no client waits for an address that is left alone: the next one gives the object', async () => {
  await start([`${slave.url}/`]);
  for (const key of ['a', 'b', 'c', 'd', 'e']) slave.script(`/${key}`, { body: `slave ${key}` });
  await failFourTimes();
  expect(await breakerState()).toBe('open');
  expect(await ask(proxy.url, '/e')).toMatchObject({ status: 200, text: 'slave e' });
  expect(site.requestsFor('/e')).toEqual([]);
  await stored('a');
  expect(await ask(proxy.url, '/a')).toMatchObject({ headers: { 'x-bucketfill': 'HIT' } });
});
