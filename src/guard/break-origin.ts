import { type AnswerReader, type Origin, ReadAgain } from '../model/origin.ts';
import type { Clock } from '../model/ports.ts';
import type { BreakerSettings } from '../model/rule.ts';
import { AddressBreaker, type BreakerTicket, type OnBreakerState } from './address-breaker.ts';
import { breakerVerdict } from './breaker-verdict.ts';
import type { GuardedOrigin } from './guarded-origin.ts';
import { OriginUnavailable } from './origin-unavailable.ts';
import { watchBody } from './watch-body.ts';

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
): GuardedOrigin {
  const breaker = new AddressBreaker(settings, clock, onState);
  return {
    name: origin.name,
    available: () => breaker.available(),
    retryAtMs: () => breaker.retryAtMs(),
    async read(request, reader, signal) {
      const ticket = breaker.admit();
      if (ticket === undefined) throw new OriginUnavailable(origin.name);
      let bodyBroke = false;
      const settle = async (error: unknown, ticketOf: BreakerTicket) => {
        // Whatever an aborted call throws, it was not the address that ended it.
        const verdict = signal.aborted ? 'neutral' : breakerVerdict(error, bodyBroke);
        await ticketOf.done(verdict, error);
      };
      try {
        const value = await origin.read(
          request,
          watched(
            reader,
            () => {
              ticket.answered();
            },
            () => {
              bodyBroke = true;
            },
          ),
          signal,
        );
        await ticket.done('success');
        return value;
      } catch (error) {
        await settle(error, ticket);
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

/** The reader, and whatever it reads again, with its bodies watched. */
function watched<T>(
  reader: AnswerReader<T>,
  onAnswer: () => void,
  onBroken: () => void,
): AnswerReader<T> {
  return async (answer) => {
    onAnswer();
    const read = await reader(watchBody(answer, onBroken));
    return read instanceof ReadAgain
      ? new ReadAgain(watched(read.reader, onAnswer, onBroken))
      : read;
  };
}
