import { AdaptiveLimiter } from '../../guard/adaptive-limiter.ts';
import type { MakeBreaker } from '../../guard/address-breaker.ts';
import type { BreakerVerdict } from '../../guard/breaker-verdict.ts';
import { LeasedBreaker } from '../../guard/leased-breaker.ts';
import type { Tokens } from '../../guard/token-bucket.ts';
import type { Clock } from '../../model/ports.ts';
import { shareOf } from '../../run/threads/share-of.ts';
import { unlessAborted } from '../../transfer/unless-aborted.ts';
import type { FromThread } from './messages.ts';
import type { Questions } from './questions.ts';
import type { Sharing } from './sharing.ts';

interface LeasedLimitsSettings {
  readonly index: number;
  readonly threads: number;
  readonly questions: Questions;
  readonly post: (message: FromThread) => void;
  readonly tell: (breaker: string, verdict: BreakerVerdict) => void;
}

/** What holds a thread back that copies for another one: that one decides, and is told. */
export class LeasedLimits implements Sharing {
  readonly #settings: LeasedLimitsSettings;
  readonly #limiters = new Map<string, AdaptiveLimiter>();
  readonly #breakers = new Map<string, LeasedBreaker>();

  constructor(settings: LeasedLimitsSettings) {
    this.#settings = settings;
  }

  share(most: number): number {
    return shareOf(most, this.#settings.index, this.#settings.threads);
  }

  limiter(host: string, clock: Clock): AdaptiveLimiter {
    const limiter = new AdaptiveLimiter(clock, (pauseMs) => {
      this.#settings.post({ op: 'throttled', host, pauseMs });
    });
    this.#limiters.set(host, limiter);
    return limiter;
  }

  tokens(name: string): Tokens {
    const { questions, post } = this.#settings;
    return {
      // Tokens that come too late are lost, so that less passes than might, and never more.
      take: async (tokens, signal) => {
        await unlessAborted(questions.ask({ op: 'tokens', name, tokens }), signal);
      },
      charge: (tokens) => {
        post({ op: 'charge', name, tokens });
      },
    };
  }

  breaker(name: string): MakeBreaker {
    return (_, clock) => {
      const breaker = new LeasedBreaker(clock, (verdict) => {
        this.#settings.tell(name, verdict);
      });
      this.#breakers.set(name, breaker);
      return breaker;
    };
  }

  setBreaker(name: string, isClosed: boolean): void {
    this.#breakers.get(name)?.set(isClosed);
  }

  leaveAlone(host: string, ms: number): void {
    this.#limiters.get(host)?.leaveAlone(ms);
  }
}
