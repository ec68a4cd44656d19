import type { OriginEvent } from '../model/event.ts';

type State = Pick<OriginEvent, 'state' | 'reason'>;

interface Known {
  breaker: State;
  /** Health checks that found it ill, by their names. */
  readonly ill: Set<string>;
}

/**
 * Tells of origins whose breakers and health checks each have a say, so that nobody who keeps the
 * last event of an origin takes the one for the other: as long as a check finds it ill it is open,
 * whatever its breakers do, and then it is what its breaker is by then.
 */
export class OriginStates {
  readonly #tell: (event: OriginEvent) => void;
  readonly #origins = new Map<string, Known>();

  constructor(tell: (event: OriginEvent) => void) {
    this.#tell = tell;
  }

  /** A health check is going to speak for the origin. */
  add(origin: string): void {
    if (this.#origins.has(origin)) return;
    this.#origins.set(origin, { breaker: { state: 'closed', reason: '' }, ill: new Set() });
  }

  /** A breaker of the origin changed its state. */
  breaker(origin: string, state: OriginEvent['state'], reason: string): void {
    const known = this.#origins.get(origin);
    if (known !== undefined) known.breaker = { state, reason };
    const isIll = known !== undefined && known.ill.size > 0;
    if (!isIll) this.#tell({ event: 'origin', origin, state, reason });
  }

  /**
   * A health check changed its mind of an origin that was added.
   * @param check names it, as in `health check https://a.example/health`
   */
  health(origin: string, check: string, isWell: boolean, reason: string): void {
    const known = this.#origins.get(origin);
    if (known === undefined) return;
    const why = `${check}: ${reason}`;
    if (!isWell) {
      known.ill.add(check);
      this.#tell({ event: 'origin', origin, state: 'open', reason: why });
      return;
    }
    known.ill.delete(check);
    if (known.ill.size > 0) return;
    const { breaker } = known;
    const now: State = breaker.state === 'closed' ? { state: 'closed', reason: why } : breaker;
    this.#tell({ event: 'origin', origin, ...now });
  }
}
