import type { MakeBreaker } from '../guard/address-breaker.ts';
import { failoverOrigin } from '../guard/failover-origin.ts';
import { guardAddress } from '../guard/guard-address.ts';
import type { GuardedOrigin } from '../guard/guarded-origin.ts';
import { OriginStates } from '../guard/origin-states.ts';
import type { Traffic } from '../guard/traffic.ts';
import type { OriginEvent } from '../model/event.ts';
import { Failure, FatalError } from '../model/failure.ts';
import type { Origin } from '../model/origin.ts';
import type { Clock } from '../model/ports.ts';
import type { Origins, Rule } from '../model/rule.ts';
import { hasOneOrder, orderAddresses } from '../rules/order-addresses.ts';
import { requestHeaders } from '../rules/request-headers.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import { HealthChecks } from './health-checks.ts';
import { type OpenedAddress, openAddress } from './open-address.ts';
import { type Hosts, openHosts, type RunRates } from './open-hosts.ts';
import { openUrlSite } from './open-url-site.ts';
import { withUrlSites } from './open-url-sites.ts';
import type { Surroundings } from './surroundings.ts';
import type { Sharing } from './threads/sharing.ts';

/** The origins of a run's rules. */
export interface OpenedSources {
  /** By rule id; rules whose keys bulk commands don't copy have none. */
  readonly byRule: ReadonlyMap<string, RuleSource>;
  /**
   * Finds out whether every rule has an address that answers.
   * @throws FatalError `origins-unusable` naming the rule and what each address said.
   */
  readonly check: (signal: AbortSignal) => Promise<void>;
  readonly close: () => Promise<void>;
  /** What has come from all of them. */
  readonly traffic: Traffic;
  /** The limits of their hosts, for whoever else talks to them in the same run. */
  readonly hosts: Hosts;
  /** The hosts of each rule's addresses, as `hosts` names them. */
  readonly hostsOf: ReadonlyMap<string, readonly string[]>;
  /** Rules whose keys wait now, since none of their addresses can be asked. */
  readonly waitingRules: () => readonly string[];
}

export interface SourceSettings {
  readonly rules: readonly Rule[];
  /** The rules whose origins are needed. */
  readonly asks: (rule: Rule) => boolean;
  /**
   * `giveUpAfter`: a key waits while its addresses are down or throttle. `none`: it fails at once,
   * and an address is asked once until the first byte came. `elsewhere`: where it would wait, its
   * read ends with Interrupted.
   */
  readonly patience: 'giveUpAfter' | 'none' | 'elsewhere';
  readonly allowPrivate: boolean;
  /** Where relative paths of the rules file start. */
  readonly folder: string;
  /** Objects worked on at once: no address ever needs more connections. */
  readonly concurrency: number;
  /** Rates of the whole run, where no `hosts` bring theirs. */
  readonly rates: RunRates;
  /** The limits of the run's hosts, where it has them already. */
  readonly hosts?: Hosts | undefined;
  readonly onState: (event: OriginEvent) => void;
  /** Where several threads talk to the origins. */
  readonly sharing?: Sharing | undefined;
  /** Aborts when the run is to stop. */
  readonly drain: AbortSignal;
  /** Told in a line when a rule's keys begin to wait. */
  readonly onWaiting: (line: string) => void;
}

/** A client waits no longer for a host that throttles: another address, or an error, is better. */
const CLIENT_PATIENCE_MS = 1000;

const NO_WAITING = AbortSignal.abort('no key waits here');

/**
 * Opens the origins of every rule that asks its own, each address behind its guards.
 * @throws FatalError `usage` for a variable that is not set, a file that can't be read, a URL that
 * can't be used.
 */
export async function openSources(
  settings: SourceSettings,
  surroundings: Surroundings,
): Promise<OpenedSources> {
  const traffic: Traffic = { bodyBytes: 0 };
  const clock = surroundings.steadyClock;
  const patienceMs = settings.patience === 'none' ? CLIENT_PATIENCE_MS : undefined;
  const hosts =
    settings.hosts ??
    openHosts(settings.rates, clock, settings.drain, patienceMs, settings.sharing);
  const waits = new Waits();
  const states = new OriginStates(settings.onState);
  const { allowPrivate } = settings;
  const health = new HealthChecks({ allowPrivate, env: surroundings.env, clock, states });
  const hostsOf = new Map<string, readonly string[]>();
  const shared: Shared = { hosts, hostsOf, traffic, waits, clock, states, health };
  const byRule = new Map<string, RuleSource>();
  for (const rule of settings.rules) {
    if (rule.origins === undefined || !settings.asks(rule)) continue;
    const headers = requestHeaders(rule, surroundings.env);
    byRule.set(rule.id, {
      ...(await openRule(rule, rule.origins, shared, settings, surroundings)),
      headers,
    });
  }
  const sources = [...byRule];
  // Not before nothing can fail any more: whoever gets no sources has nothing to close.
  health.start();
  return {
    byRule,
    traffic,
    hosts,
    hostsOf,
    waitingRules: () => waits.rules(),
    check: async (signal) => {
      await Promise.all(sources.map(([, { origin }]) => checkRule(origin, signal)));
    },
    close: async () => {
      await health.close();
      await Promise.all(sources.map(([, { origin }]) => origin.close()));
    },
  };
}

/** Bulk commands fill the bucket, so a redirect that also fetches is a fetch to them. */
export function isCopied({ action }: Rule): boolean {
  return action === 'mirror' || action === 'redirectAndFetch';
}

async function checkRule(origin: Origin, signal: AbortSignal): Promise<void> {
  try {
    await origin.probe(signal);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new FatalError('origins-unusable', error.message, error);
  }
}

/** What the rules of a run share. */
interface Shared {
  readonly hosts: Hosts;
  readonly hostsOf: Map<string, readonly string[]>;
  readonly traffic: Traffic;
  readonly waits: Waits;
  readonly clock: Clock;
  readonly states: OriginStates;
  readonly health: HealthChecks;
}

/** How many keys of each rule wait. */
class Waits {
  readonly #keys = new Map<string, number>();

  note(rule: string, waiting: boolean): void {
    this.#keys.set(rule, (this.#keys.get(rule) ?? 0) + (waiting ? 1 : -1));
  }

  rules(): string[] {
    return [...this.#keys].filter(([, keys]) => keys > 0).map(([rule]) => rule);
  }
}

async function openRule(
  rule: Rule,
  origins: Origins,
  shared: Shared,
  settings: SourceSettings,
  surroundings: Surroundings,
): Promise<Pick<RuleSource, 'origin' | 'checkKey'>> {
  const { masters, slaves, select, maxAddresses, retryOn, neverRetryOn, giveUpAfterMs } = origins;
  const opened = await Promise.all(
    [...masters, ...slaves].map((address, index) => {
      const isMaster = index < masters.length;
      const list = isMaster ? 'masters' : 'slaves';
      const place = isMaster ? index : index - masters.length;
      const where = `rule ${rule.id}, origins.${list}[${place}]`;
      return openAddress({ rule, address, where }, settings, surroundings);
    }),
  );
  const guarded = opened.map((address, index) => {
    const makeBreaker = settings.sharing?.breaker(`${rule.id} ${index}`);
    return guard(address, rule, origins.retries, shared, settings, makeBreaker);
  });
  shared.hostsOf.set(
    rule.id,
    opened.map(({ host }) => host),
  );
  const ofMasters = guarded.slice(0, masters.length);
  const ofSlaves = guarded.slice(masters.length);
  const { waits, clock, health } = shared;
  const isWell = health.of(rule, opened, guarded);
  const waiting = {
    retryOn,
    neverRetryOn,
    giveUpAfterMs,
    isPatient: settings.patience !== 'none',
    clock,
    drain: settings.patience === 'elsewhere' ? NO_WAITING : settings.drain,
    onWaiting: settings.onWaiting,
    onWait: (isWaiting: boolean) => {
      waits.note(rule.id, isWaiting);
    },
  };
  const choice = { select, masters, slaves: slaves.length };
  const ordered = (turn: number): readonly GuardedOrigin[] =>
    orderAddresses(choice, turn, () => clock.random())
      .map(({ role, index }) => (role === 'master' ? ofMasters : ofSlaves)[index])
      .filter((origin) => origin !== undefined);
  const always = hasOneOrder(choice) ? ordered(0) : undefined;
  let turn = 0;
  const origin = failoverOrigin({
    ...waiting,
    name: `rule ${rule.id}`,
    order: () => {
      if (always !== undefined) return always;
      turn += 1;
      return ordered(turn - 1);
    },
    isWell,
    maxAddresses,
  });
  const checkKey = (originKey: string): void => {
    for (const { locate } of opened) locate(originKey);
  };
  const withUrls = withUrlSites(origin, {
    ...waiting,
    addresses: guarded,
    open: (target) => {
      const site = openUrlSite(target, rule, settings, surroundings);
      return guard(site, rule, origins.retries, shared, settings);
    },
  });
  return { origin: withUrls, checkKey };
}

function guard(
  { origin, host }: Pick<OpenedAddress, 'origin' | 'host'>,
  { protect }: Rule,
  retries: Origins['retries'],
  { hosts, traffic, clock, states }: Shared,
  settings: SourceSettings,
  makeBreaker?: MakeBreaker,
): GuardedOrigin {
  const { name } = origin;
  return guardAddress(origin, {
    retries: settings.patience === 'none' ? { ...retries, unlessBegun: 1 } : retries,
    ...hosts.of(host, { protect, maxPauseMs: retries.maxMs, traffic }),
    breaker: protect.breaker,
    makeBreaker,
    clock,
    drain: settings.drain,
    onState: (state, reason) => {
      states.breaker(name, state, reason);
    },
  });
}
