import type { OriginEvent } from '../model/event.ts';
import type { Filled, Served } from '../model/served.ts';
import type { ServeMetrics } from '../metrics/serve-metrics.ts';
import type { CutoverGauge } from '../serve/gauge/cutover-gauge.ts';
import type { ServeTallies } from '../serve/admin/serve-tallies.ts';
import type { ServeEvents } from './serve-events.ts';

/** Whoever wants to know what the proxy does. */
export interface ServeListeners {
  readonly events: ServeEvents;
  readonly metrics: ServeMetrics;
  readonly tallies: ServeTallies;
  readonly gauge: CutoverGauge;
}

/** Tells all of them, in one place. */
export class ServeWatch {
  readonly #listeners: ServeListeners;

  constructor(listeners: ServeListeners) {
    this.#listeners = listeners;
  }

  readonly served = (served: Served): void => {
    const { events, metrics, tallies, gauge } = this.#listeners;
    events.served(served);
    metrics.served(served);
    tallies.served(served);
    gauge.note(served);
  };

  readonly filled = (filled: Filled): void => {
    const { events, metrics, tallies } = this.#listeners;
    events.filled(filled);
    metrics.filled(filled);
    tallies.filled(filled);
  };

  readonly originRequest = (rule: string, origin: string): void => {
    const { metrics, tallies } = this.#listeners;
    metrics.originRequest(rule, origin);
    tallies.originRequest(origin);
  };

  readonly originAnswered = (origin: string, ms: number): void => {
    const { metrics, tallies } = this.#listeners;
    metrics.originAnswered(origin, ms);
    tallies.originAnswered(origin, ms);
  };

  readonly originState = (event: OriginEvent): void => {
    const { events, metrics, tallies } = this.#listeners;
    const { origin, state, reason } = event;
    events.originState(event);
    metrics.originState(origin, state);
    tallies.originState(origin, state, reason);
  };
}
