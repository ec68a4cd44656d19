import type { GuardedOrigin } from '../guard/guarded-origin.ts';
import { HealthCheck } from '../guard/health-check.ts';
import type { OriginStates } from '../guard/origin-states.ts';
import { proxySettings } from '../http/choose-proxy.ts';
import { targetUrl } from '../http/target-url.ts';
import type { Clock } from '../model/ports.ts';
import type { HealthCheck as CheckSettings, Rule, Timeouts } from '../model/rule.ts';
import { healthProbe } from '../origin/health-probe.ts';
import { originName } from '../rules/origin-name.ts';
import type { OpenedAddress } from './open-address.ts';
import type { Surroundings } from './surroundings.ts';
import { version } from './version.ts';

export interface HealthChecksSettings {
  readonly allowPrivate: boolean;
  readonly env: Surroundings['env'];
  readonly clock: Clock;
  /** Told of what becomes of the addresses that a check speaks for. */
  readonly states: OriginStates;
}

interface Running {
  readonly check: HealthCheck;
  /** Names of the addresses that it speaks for. */
  readonly origins: Set<string>;
  readonly close: () => Promise<void>;
}

/**
 * The health checks of all rules: one for rules that check the same in the same way. None looks
 * before `start`.
 */
export class HealthChecks {
  readonly #settings: HealthChecksSettings;
  readonly #running = new Map<string, Running>();

  constructor(settings: HealthChecksSettings) {
    this.#settings = settings;
  }

  /**
   * Adds the check of a rule, if it has one. It speaks for the addresses of its own scheme, host and
   * port, whose identity it then takes on; where there is none, for all masters.
   * @param opened the rule's addresses, masters first; `guarded` are the same behind their guards
   * @returns whether an address is well, as far as the check knows; undefined without a check.
   * @throws FatalError `usage` where the check's URL can't be worked with.
   */
  of(
    { origins, request }: Rule,
    opened: readonly OpenedAddress[],
    guarded: readonly GuardedOrigin[],
  ): ((address: GuardedOrigin) => boolean) | undefined {
    if (origins?.healthCheck === undefined) return undefined;
    const { healthCheck, masters } = origins;
    const site = targetUrl(healthCheck.url)?.site;
    const home = opened.find((address) => address.site === site);
    const running = this.#run(healthCheck, request.timeouts, home);
    const mayBeIll = new Set<GuardedOrigin>();
    for (const [at, address] of guarded.entries()) {
      const isMeant = home === undefined ? at < masters.length : opened[at]?.site === site;
      if (!isMeant) continue;
      mayBeIll.add(address);
      running.origins.add(address.name);
      this.#settings.states.add(address.name);
    }
    return (address) => running.check.isWell || !mayBeIll.has(address);
  }

  start(): void {
    for (const { check } of this.#running.values()) check.start();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map(async (running) => running.close()));
  }

  #run(
    settings: CheckSettings,
    { connectMs, firstByteMs }: Timeouts,
    home: OpenedAddress | undefined,
  ): Running {
    const { url, everyMs, fall, rise } = settings;
    const { env, clock, allowPrivate, states } = this.#settings;
    const id = JSON.stringify([settings, connectMs, firstByteMs, home?.identity]);
    const had = this.#running.get(id);
    if (had !== undefined) return had;
    const name = `health check ${originName(url)}`;
    const { probe, close } = healthProbe({
      name,
      url,
      identity: home?.identity,
      timeouts: { connectMs, firstByteMs, idleMs: firstByteMs },
      allowPrivate,
      proxies: proxySettings(env),
      userAgent: `bucketfill/${version}`,
    });
    const origins = new Set<string>();
    const onChange = (isWell: boolean, reason: string): void => {
      for (const origin of origins) states.health(origin, name, isWell, reason);
    };
    const timeoutMs = firstByteMs;
    const check = new HealthCheck({ probe, everyMs, timeoutMs, fall, rise, clock, onChange });
    const closeBoth = async (): Promise<void> => {
      await check.close();
      await close();
    };
    const running: Running = { check, origins, close: closeBoth };
    this.#running.set(id, running);
    return running;
  }
}
