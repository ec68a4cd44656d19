import { beforeEach, describe, expect, it } from 'vitest';

import { withUrlSites } from '../../src/cli/open-url-sites.ts';
import type { Origin } from '../../src/model/origin.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import {
  failure,
  never,
  readText,
  request,
  scriptedOrigin,
  type ScriptedOrigin,
  text,
} from '../guard/scripted-origin.ts';

const GIVE_UP_MS = 600_000;
const CDN = 'https://cdn.example';

let clock: FakeClock;
let waiting: number;
let opened: Map<string, ScriptedOrigin>;
let rule: ScriptedOrigin;
let own: ScriptedOrigin;

beforeEach(() => {
  clock = fakeClock();
  waiting = 0;
  opened = new Map();
  rule = scriptedOrigin('the rule');
  own = scriptedOrigin('https://Own.example/base/');
});

function origin(isPatient = true): Origin {
  return withUrlSites(rule, {
    addresses: [scriptedOrigin('s3://old/'), own],
    open: ({ site }) => {
      const found = opened.get(site) ?? scriptedOrigin(`${site}/`);
      opened.set(site, found);
      return found;
    },
    isPatient,
    retryOn: ['5XX'],
    neverRetryOn: [],
    giveUpAfterMs: GIVE_UP_MS,
    clock,
    drain: never(),
    onWait: (isWaiting) => {
      waiting += isWaiting ? 1 : -1;
    },
  });
}

/** The site of a list's URLs, to be scripted before it is asked. */
function cdn(): ScriptedOrigin {
  const site = scriptedOrigin(`${CDN}/`);
  opened.set(CDN, site);
  return site;
}

const read = (from: Origin, url: string): Promise<string> =>
  from.read({ ...request, url }, text, never());

/** A read whose end can be looked at. */
function start(from: Origin, url: string) {
  const found: { result?: unknown } = {};
  read(from, url).then(
    (value) => (found.result = value),
    (error: unknown) => (found.result = error),
  );
  return found;
}

function goesDown(site: ScriptedOrigin): void {
  site.script(failure('ORIGIN_UNREACHABLE'));
  site.dead = failure('ORIGIN_UNREACHABLE');
}

describe('a URL of a list', () => {
  it("is asked at its own site: that of an address, or one of its own, and keys at the rule's", async () => {
    const from = origin();
    expect(await read(from, 'https://own.example:443/elsewhere')).toBe(own.name);
    expect(await read(from, `${CDN}/a`)).toBe(`${CDN}/`);
    expect(await read(from, 'http://own.example/a')).toBe('http://own.example/');
    expect(await readText(from)).toBe('the rule');
    expect([...opened.keys()]).toEqual([CDN, 'http://own.example']);
  });

  it('at a site that never answered fails at once, however patient the rule is', async () => {
    goesDown(cdn());
    await expect(read(origin(), `${CDN}/a`)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
    expect(clock.sleeps).toEqual([]);
  });

  it('at a site that has answered waits while that is down, and goes on when it is back', async () => {
    const site = cdn();
    site.script(failure('ORIGIN_NOT_FOUND', CDN, { status: 404 }));
    const from = origin();
    await expect(read(from, `${CDN}/gone`)).rejects.toMatchObject({ code: 'ORIGIN_NOT_FOUND' });
    goesDown(site);
    const late = start(from, `${CDN}/a`);
    await clock.advance(60_000);
    expect([late.result, waiting]).toEqual([undefined, 1]);
    site.script('ok');
    site.dead = undefined;
    await clock.advance(60_000);
    expect([late.result, waiting]).toEqual([`${CDN}/`, 0]);
  });

  it('at a site that throttles from the start waits for it', async () => {
    cdn().script(failure('ORIGIN_STATUS', CDN, { status: 429 }), 'ok');
    expect(await read(origin(), `${CDN}/a`)).toBe(`${CDN}/`);
    cdn().script(failure('ORIGIN_STATUS', CDN, { status: 429 }));
    await expect(read(origin(false), `${CDN}/a`)).rejects.toMatchObject({ status: 429 });
  });

  it('that is none of http is an invalid key', async () => {
    await expect(read(origin(), 'file:///etc/passwd')).rejects.toMatchObject({
      code: 'KEY_INVALID',
    });
  });

  it('may be of any number of sites: the longest unused are closed, those in use are not', async () => {
    const from = origin();
    let end: () => void = () => undefined;
    const body = new Promise<void>((resolve) => (end = resolve));
    const busy = from.read({ ...request, url: `${CDN}/slow` }, () => body, never());
    for (let site = 0; site < 300; site += 1) await read(from, `https://s${String(site)}.example/`);
    const closed = [...opened].filter(([, site]) => site.closed()).map(([site]) => site);
    expect(closed).toEqual(Array.from({ length: 45 }, (_, n) => `https://s${String(n)}.example`));
    end();
    await busy;
    await from.close();
    expect([...opened.values()].every((site) => site.closed())).toBe(true);
    expect(rule.closed()).toBe(true);
  });
});
