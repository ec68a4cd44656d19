import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { OriginEvent } from '../model/event.ts';
import type { Filled, Mark, Served } from '../model/served.ts';
import { boundedLabel } from './bounded-label.ts';
import { fillMetrics } from './fill-metrics.ts';
import { originMetrics } from './origin-metrics.ts';
import { RequestCounts } from './request-counts.ts';
import { RequestDurations } from './request-durations.ts';

/** What is looked at when the metrics are asked for. */
export interface MetricsSources {
  readonly spool: () => {
    readonly spools: number;
    readonly memoryBytes: number;
    readonly diskBytes: number;
  };
  /** Keys whose absence is remembered. */
  readonly negativeKeys: () => number;
  readonly fillsUnderWay: () => number;
}

/**
 * The metrics of one proxy in Prometheus' text format, `bucketfill_*`, the process' own and the
 * delay of its event loop among them. It is told of everything that happens; no label holds a key.
 */
export interface ServeMetrics {
  readonly contentType: string;
  text(): Promise<string>;
  served(served: Served): void;
  filled(filled: Filled): void;
  /** A request for a body went to an origin; as shown in events. */
  originRequest(rule: string, origin: string): void;
  /** The first byte of an origin's answer came, so many milliseconds after it was asked. */
  originAnswered(origin: string, ms: number): void;
  /** The breaker of an origin's address changed its state. */
  originState(origin: string, state: OriginEvent['state']): void;
}

/** A rules file has no more; what reloads bring beyond that has no label of its own. */
const MOST_RULES = 1000;
const MOST_ORIGINS = 1000;

/** Metrics of a registry of their own, all at nothing. */
export function serveMetrics(sources: MetricsSources): ServeMetrics {
  const registry = new Registry();
  const ruleLabel = boundedLabel(MOST_RULES);
  const originLabel = boundedLabel(MOST_ORIGINS);
  const requests = new RequestCounts(registry);
  const durations = new RequestDurations(registry);
  const failures = failureCounter(registry);
  const origins = originMetrics(registry);
  const fills = fillMetrics(registry);
  collectGauges(registry, sources);
  collectDefaultMetrics({ register: registry, prefix: 'bucketfill_' });
  return {
    contentType: registry.contentType,
    text: async () => registry.metrics(),
    served(served) {
      const { mark } = served;
      const outcome = mark === undefined ? 'none' : OUTCOMES[mark];
      requests.count(served, ruleLabel(served.rule ?? ''), outcome);
      durations.record(outcome, served.elapsedMs / 1000);
      if (served.failure !== undefined) failures.inc({ of: 'request', code: served.failure.code });
    },
    filled({ rule, outcome, bytes, failure }) {
      fills.ended(ruleLabel(rule), outcome, bytes);
      if (failure !== undefined) failures.inc({ of: 'fill', code: failure.code });
    },
    originRequest(rule, origin) {
      origins.requested(ruleLabel(rule), originLabel(origin));
    },
    originAnswered(origin, ms) {
      origins.answered(originLabel(origin), ms);
    },
    originState(origin, state) {
      origins.state(originLabel(origin), state);
    },
  };
}

/** Of answers; `none` for errors of the proxy's own. */
const OUTCOMES: Readonly<Record<Mark, string>> = {
  HIT: 'hit',
  MISS: 'miss',
  SHARED: 'shared',
  NEGATIVE: 'negative',
  PROXY: 'proxy',
  REDIRECT: 'redirect',
};

function failureCounter(registry: Registry): Counter<'of' | 'code'> {
  return new Counter({
    name: 'bucketfill_failures_total',
    help: 'Requests and whole fetches that failed, by the code of the failure.',
    labelNames: ['of', 'code'],
    registers: [registry],
  });
}

function collectGauges(registry: Registry, sources: MetricsSources): void {
  const { spool, negativeKeys, fillsUnderWay } = sources;
  const shown: readonly (readonly [name: string, help: string, value: () => number])[] = [
    ['bucketfill_fills_in_flight', 'Whole fetches under way.', fillsUnderWay],
    ['bucketfill_negative_keys', 'Keys whose absence at the origins is remembered.', negativeKeys],
    ['bucketfill_spools', 'Bodies on their way through this process.', () => spool().spools],
  ];
  for (const [name, help, value] of shown) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  }
  new Gauge({
    name: 'bucketfill_spool_bytes',
    help: 'What bodies on their way take.',
    labelNames: ['place'],
    registers: [registry],
    collect() {
      const { memoryBytes, diskBytes } = spool();
      this.set({ place: 'memory' }, memoryBytes);
      this.set({ place: 'disk' }, diskBytes);
    },
  });
}
