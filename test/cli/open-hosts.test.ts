import { beforeEach, describe, expect, test } from 'vitest';
import { openHosts, type RunRates } from '../../src/cli/open-hosts.ts';
import type { ProtectSettings } from '../../src/model/rule.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';

const never = new AbortController().signal;
const NO_RATES: RunRates = { bytesPerSecond: undefined, requestsPerSecond: undefined };

let clock: FakeClock;

beforeEach(() => {
  clock = fakeClock();
});

const open = (rates = NO_RATES) => openHosts(rates, clock, never, undefined);

function protect(changed: Partial<ProtectSettings>): ProtectSettings {
  return {
    concurrency: 8,
    bytesPerSecond: undefined,
    requestsPerSecond: undefined,
    breaker: { ratio: 0.5, minimumCalls: 20, windowMs: 30_000, openMs: 30_000 },
    negativeTtlMs: 0,
    ...changed,
  };
}

const needs = (changed: Partial<ProtectSettings> = {}) => ({
  protect: protect(changed),
  maxPauseMs: 1000,
  traffic: { bodyBytes: 0 },
});

describe('rules that share a host', () => {
  test('share its limiter, and each keeps to its own concurrency', () => {
    const hosts = open();
    const small = hosts.of('a.example', needs({ concurrency: 4 }));
    const large = hosts.of('a.example', needs({ concurrency: 32 }));
    const other = hosts.of('b.example', needs());
    expect(small.pace.host).toBe(large.pace.host);
    expect(small.pace.host.level).toBe(32);
    expect(small.limiter).not.toBe(large.limiter);
    expect(hosts.of('a.example', needs({ concurrency: 4 })).limiter).toBe(small.limiter);
    expect(other.pace.host).not.toBe(small.pace.host);
    expect(other.pace.host.level).toBe(8);
  });

  test('share its rates where they name the same, for requests as for bytes', () => {
    const hosts = open();
    const rates = { requestsPerSecond: 5, bytesPerSecond: 1000 };
    const [one, two] = [hosts.of('a', needs(rates)).pace, hosts.of('a', needs(rates)).pace];
    expect([one.requests.length, one.bytes.length]).toEqual([1, 1]);
    expect(two.requests[0]).toBe(one.requests[0]);
    expect(two.bytes[0]).toBe(one.bytes[0]);
    expect(hosts.of('a', needs({ requestsPerSecond: 6 })).pace.requests[0]).not.toBe(
      one.requests[0],
    );
    expect(hosts.of('b', needs(rates)).pace.bytes[0]).not.toBe(one.bytes[0]);
  });
});

describe('the rates of a run', () => {
  test('hold for all hosts together, beside those of their rules', async () => {
    const hosts = open({ bytesPerSecond: 1000, requestsPerSecond: 10 });
    const [a, b] = [hosts.of('a', needs()).pace, hosts.of('b', needs({ bytesPerSecond: 5 })).pace];
    expect([b.requests.length, b.bytes.length]).toEqual([1, 2]);
    expect(a.requests[0]).toBe(b.requests[0]);
    expect(a.bytes[0]).toBe(b.bytes[1]);
    let isThrough = false;
    const taken = a.bytes[0]?.take(1200, never)?.then(() => (isThrough = true));
    await clock.advance(999);
    expect(isThrough).toBe(false);
    await clock.advance(1);
    await taken;
  });

  test('are none where no flag names them', () => {
    const { pace } = open().of('a', needs());
    expect([pace.requests, pace.bytes]).toEqual([[], []]);
  });
});
