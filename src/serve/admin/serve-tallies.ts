import type { OriginEvent } from '../../model/event.ts';
import type { Failure } from '../../model/failure.ts';
import type {
  OriginStatus,
  RuleStatus,
  ServeStatus,
  ServeTotals,
} from '../../model/serve-status.ts';
import type { Filled, Mark, Served } from '../../model/served.ts';
import { LastFailures } from './last-failures.ts';
import { RecentLatency } from './recent-latency.ts';

/** More origins than this have no line of their own. */
const MOST_ORIGINS = 1000;

/** What the tallies can't know of themselves, at one moment. */
export interface ServeMoment extends Pick<
  ServeStatus,
  'nowMs' | 'state' | 'fillsUnderWay' | 'spool' | 'negativeKeys'
> {
  /** Those that are in force, in their order. */
  readonly rules: readonly Pick<RuleStatus, 'rule' | 'source'>[];
}

type Counts<T> = { -readonly [K in keyof T]: T[K] };
type RuleCounts = Counts<Omit<RuleStatus, 'rule' | 'source'>>;

interface OriginCounts {
  state: OriginStatus['state'];
  reason: string;
  requests: number;
  readonly firstByte: RecentLatency;
}

const TOTAL_OF: Readonly<Record<Mark, keyof ServeTotals>> = {
  HIT: 'hits',
  MISS: 'misses',
  SHARED: 'shared',
  NEGATIVE: 'negative',
  PROXY: 'proxied',
  REDIRECT: 'redirected',
};

/** Adds up what happens since the process began; all but the cutover gauge. */
export class ServeTallies {
  readonly #about: Pick<ServeStatus, 'version' | 'startedMs' | 'bucket'>;
  readonly #now: () => number;
  readonly #totals: Counts<ServeTotals> = {
    requests: 0,
    hits: 0,
    misses: 0,
    shared: 0,
    negative: 0,
    proxied: 0,
    redirected: 0,
    errors: 0,
    cut: 0,
    bytes: 0,
  };
  readonly #rules = new Map<string, RuleCounts>();
  readonly #origins = new Map<string, OriginCounts>();
  readonly #failures = new LastFailures();

  /** @param now milliseconds since the epoch */
  constructor(about: Pick<ServeStatus, 'version' | 'startedMs' | 'bucket'>, now: () => number) {
    this.#about = about;
    this.#now = now;
  }

  served({ mark, bytes, cut, rule, neededOrigin, failure, key }: Served): void {
    const totals = this.#totals;
    totals.requests += 1;
    totals.bytes += bytes;
    if (mark !== undefined) totals[TOTAL_OF[mark]] += 1;
    if (cut) totals.cut += 1;
    if (rule !== undefined) {
      const counts = this.#rule(rule);
      counts.requests += 1;
      if (neededOrigin) counts.neededOrigin += 1;
    }
    if (!isTrouble(failure)) return;
    totals.errors += 1;
    if (key !== undefined) this.#failed(key, rule ?? null, failure);
  }

  filled({ key, rule, outcome, failure }: Filled): void {
    const counts = this.#rule(rule);
    counts.fills += 1;
    if (outcome !== 'failed' || !isTrouble(failure)) return;
    counts.failures += 1;
    this.#failed(key, rule, failure);
  }

  /** A request for a body went to an origin. */
  originRequest(origin: string): void {
    const counts = this.#origin(origin);
    if (counts !== undefined) counts.requests += 1;
  }

  /** The first byte of an origin's answer came, so many milliseconds after it was asked. */
  originAnswered(origin: string, ms: number): void {
    this.#origin(origin)?.firstByte.record(ms, this.#now());
  }

  /** The breaker of an address changed its state. */
  originState(origin: string, state: OriginEvent['state'], reason: string): void {
    const counts = this.#origin(origin);
    if (counts === undefined) return;
    counts.state = state;
    counts.reason = reason;
  }

  status({ rules, ...moment }: ServeMoment): Omit<ServeStatus, 'cutover'> {
    return {
      ...this.#about,
      ...moment,
      uptimeMs: Math.max(0, moment.nowMs - this.#about.startedMs),
      totals: { ...this.#totals },
      rules: rules.map((rule) => ({ ...rule, ...(this.#rules.get(rule.rule) ?? NOTHING) })),
      origins: [...this.#origins]
        .map(([origin, { firstByte, ...counts }]) => ({
          origin,
          ...counts,
          firstByteMs: firstByte.quantiles(moment.nowMs),
        }))
        .sort((one, other) => (one.origin < other.origin ? -1 : 1)),
      lastFailures: this.#failures.list(),
    };
  }

  #failed(key: string, rule: string | null, { code, message }: Failure): void {
    this.#failures.note({ timeMs: this.#now(), key, rule, code, message });
  }

  #rule(rule: string): RuleCounts {
    const had = this.#rules.get(rule);
    if (had !== undefined) return had;
    const counts = { ...NOTHING };
    this.#rules.set(rule, counts);
    return counts;
  }

  /** Undefined where there are too many. */
  #origin(origin: string): OriginCounts | undefined {
    const had = this.#origins.get(origin);
    if (had !== undefined || this.#origins.size >= MOST_ORIGINS) return had;
    const firstByte = new RecentLatency();
    const counts: OriginCounts = { state: 'closed', reason: '', requests: 0, firstByte };
    this.#origins.set(origin, counts);
    return counts;
  }
}

const NOTHING: RuleCounts = { requests: 0, neededOrigin: 0, fills: 0, failures: 0 };

/** That an object is nowhere is an answer. */
function isTrouble(failure: Failure | undefined): failure is Failure {
  return failure !== undefined && failure.code !== 'ORIGIN_NOT_FOUND';
}
