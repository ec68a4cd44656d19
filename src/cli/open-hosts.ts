import { AdaptiveLimiter } from '../guard/adaptive-limiter.ts';
import { type Limiter, concurrencyLimiter } from '../guard/concurrency-limiter.ts';
import type { Pace } from '../guard/pace-origin.ts';
import { TokenBucket } from '../guard/token-bucket.ts';
import type { Sharing } from './threads/sharing.ts';
import type { Traffic } from '../guard/traffic.ts';
import type { Clock } from '../model/ports.ts';
import type { ProtectSettings } from '../model/rule.ts';

/** What holds for a whole run, whatever it talks to; the flags' part. */
export interface RunRates {
  readonly bytesPerSecond: number | undefined;
  readonly requestsPerSecond: number | undefined;
}

/** What one rule says of its addresses. */
export interface HostNeeds {
  readonly protect: ProtectSettings;
  /** No Retry-After keeps the host waiting for longer. */
  readonly maxPauseMs: number;
  /** Where bytes that come are counted. */
  readonly traffic: Traffic;
}

/** What holds requests to one address back. */
export interface HostLimits {
  readonly limiter: Limiter;
  readonly pace: Pace;
}

/** The limits of all hosts that a run talks to. */
export interface Hosts {
  /** The limits of one address of a host; rules that share the host share them. */
  of(host: string, needs: HostNeeds): HostLimits;
}

/** Bytes and requests can't be divided. */
const LEAST_TOKENS = 1;

/**
 * Makes the limits of a run's hosts: one object for each host and limit. Of two rules that allow a
 * host different numbers each keeps to its own, and both together to the larger one.
 * @param sharing where several threads talk to the hosts, each within its share
 */
export function openHosts(
  rates: RunRates,
  clock: Clock,
  drain: AbortSignal,
  patienceMs: number | undefined,
  sharing?: Sharing,
): Hosts {
  const share = (most: number): number => sharing?.share(most) ?? most;
  const hosts = kept((host) => sharing?.limiter(host, clock) ?? new AdaptiveLimiter(clock));
  const limiters = kept((_, max: number) => concurrencyLimiter(share(max)));
  const rate = (name: string) => (perSecond: number) => {
    const make = () => new TokenBucket(perSecond, LEAST_TOKENS, clock);
    return sharing?.tokens(`${name} ${perSecond}`, make) ?? make();
  };
  const requests = kept((host, perSecond: number) => rate(`requests ${host}`)(perSecond));
  const bytes = kept((host, perSecond: number) => rate(`bytes ${host}`)(perSecond));
  const ofRun = {
    requests: listed(rates.requestsPerSecond).map(rate('requests of the run')),
    bytes: listed(rates.bytesPerSecond).map(rate('bytes of the run')),
  };
  return {
    of: (name, { protect, maxPauseMs, traffic }) => {
      const host = hosts(name, 0);
      host.allow(share(protect.concurrency));
      const own = {
        requests: listed(protect.requestsPerSecond).map((rate) => requests(name, rate)),
        bytes: listed(protect.bytesPerSecond).map((rate) => bytes(name, rate)),
      };
      const pace: Pace = {
        host,
        requests: [...own.requests, ...ofRun.requests],
        bytes: [...own.bytes, ...ofRun.bytes],
        traffic,
        maxPauseMs,
        patienceMs,
        drain,
      };
      return { limiter: limiters(name, protect.concurrency), pace };
    },
  };
}

function listed<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}

/** Makes one thing for each host and number, and gives the same one from then on. */
function kept<T>(make: (host: string, limit: number) => T): (host: string, limit: number) => T {
  const made = new Map<string, T>();
  return (host, limit) => {
    const key = `${host} ${limit}`;
    const thing = made.get(key) ?? make(host, limit);
    made.set(key, thing);
    return thing;
  };
}
