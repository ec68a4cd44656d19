import { type AnswerReader, type Origin, ReadAgain } from '../model/origin.ts';
import type { Clock } from '../model/ports.ts';
import type { BreakerSettings } from '../model/rule.ts';
import {
  AddressBreaker,
  type BreakerTicket,
  type MakeBreaker,
  type OnBreakerState,
} from './address-breaker.ts';
import { breakerVerdict } from './breaker-verdict.ts';
import type { GuardedOrigin } from './guarded-origin.ts';
import { OriginUnavailable } from './origin-unavailable.ts';
import { watchBody } from './watch-body.ts';

const ownBreaker: MakeBreaker = (settings, clock, onState) =>
  new AddressBreaker(settings, clock, onState);

/**
 * Stops asking an address that fails too often, until one request finds it well again.
 *
 * A read that is not let through throws {@link OriginUnavailable} without a request. Probes always
 * pass and count for nothing.
 */
export function breakOrigin(
  origin: Origin,
  settings: BreakerSettings,
  clock: Clock,
  onState: OnBreakerState,
  make: MakeBreaker = ownBreaker,
): GuardedOrigin {
  const breaker = make(settings, clock, onState);
  return {
    name: origin.name,
    available: () => breaker.available(),
    retryAtMs: () => breaker.retryAtMs(),
    async read(request, reader, signal) {
      const ticket = breaker.admit();
      if (ticket === undefined) throw new OriginUnavailable(origin.name);
      const watch = new Watch(ticket);
      try {
        const value = await origin.read(request, watch.over(reader), signal);
        const settled = ticket.done('success');
        if (settled !== undefined) await settled;
        return value;
      } catch (error) {
        // Whatever an aborted call throws, it was not the address that ended it.
        const verdict = signal.aborted ? 'neutral' : breakerVerdict(error, watch.bodyBroke);
        await ticket.done(verdict, error);
        throw error;
      }
    },
    async probe(signal) {
      await origin.probe(signal);
    },
    async close() {
      await origin.close();
    },
  };
}

/** What one call comes to. */
class Watch {
  bodyBroke = false;
  readonly #ticket: BreakerTicket;
  readonly #onBroken = (): void => {
    this.bodyBroke = true;
  };

  constructor(ticket: BreakerTicket) {
    this.#ticket = ticket;
  }

  /** The reader, and whatever it reads again, with its bodies watched. */
  over<T>(reader: AnswerReader<T>): AnswerReader<T> {
    return async (answer) => {
      this.#ticket.answered();
      const read = await reader(watchBody(answer, this.#onBroken));
      return read instanceof ReadAgain ? new ReadAgain(this.over(read.reader)) : read;
    };
  }
}
