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
    // No async function: every object takes this way, and each of those costs more than all else here.
    read(request, reader, signal) {
      const ticket = breaker.admit();
      if (ticket === undefined) return Promise.reject(new OriginUnavailable(origin.name));
      const watch = new Watch(ticket);
      return origin.read(request, watch.over(reader), signal).then(
        (value) => {
          const settled = ticket.done('success');
          return settled === undefined ? value : settled.then(() => value);
        },
        async (error: unknown) => {
          // Whatever an aborted call throws, it was not the address that ended it.
          const verdict = signal.aborted ? 'neutral' : breakerVerdict(error, watch.bodyBroke);
          await ticket.done(verdict, error);
          throw error;
        },
      );
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
    return (answer) => {
      this.#ticket.answered();
      return reader(watchBody(answer, this.#onBroken)).then((read) =>
        read instanceof ReadAgain ? new ReadAgain(this.over(read.reader)) : read,
      );
    };
  }
}
