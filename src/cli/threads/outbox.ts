import type { BreakerVerdict } from '../../guard/breaker-verdict.ts';
import type { MeasuredPresence } from '../../run/presence.ts';
import type { Happened, NumberedResult } from './messages.ts';

/** What is told anew with each message. */
interface Counts {
  /** So far. */
  readonly bucketRequests: () => number;
  readonly bodyBytes: () => number;
}

/**
 * Gathers what happens in a thread, and sends it in one message once everything that was at hand has
 * been dealt with: a message for each object would cost more than all else about it.
 */
export class Outbox implements MeasuredPresence {
  readonly #send: (happened: Happened) => void;
  readonly #counts: Counts;
  #results: NumberedResult[] = [];
  #requests = 0;
  #copiedMs: number[] = [];
  #wrote: boolean[] = [];
  #asked: { ms: number; isThere: boolean }[] = [];
  #verdicts: { breaker: string; verdict: BreakerVerdict }[] = [];
  #toldBytes = 0;
  #isDue = false;

  constructor(send: (happened: Happened) => void, counts: Counts) {
    this.#send = send;
    this.#counts = counts;
  }

  result(result: NumberedResult): void {
    this.#results.push(result);
    this.#flushSoon();
  }

  copied(ms: number): void {
    this.#copiedMs.push(ms);
  }

  wrote(wasTaken: boolean): void {
    this.#wrote.push(wasTaken);
  }

  asked(ms: number, isThere: boolean): void {
    this.#asked.push({ ms, isThere });
  }

  requested(): void {
    this.#requests += 1;
  }

  verdict(breaker: string, verdict: BreakerVerdict): void {
    // Nothing is counted that says nothing.
    if (verdict === 'neutral') return;
    this.#verdicts.push({ breaker, verdict });
    if (verdict === 'failure') this.#flushSoon();
  }

  /** Tells of what has come meanwhile, where large bodies end seldom; called every now and then. */
  tick(): void {
    if (this.#counts.bodyBytes() !== this.#toldBytes) this.#flush();
  }

  #flushSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#flush();
    });
  }

  #flush(): void {
    this.#isDue = false;
    this.#toldBytes = this.#counts.bodyBytes();
    const happened: Happened = {
      results: this.#results,
      requests: this.#requests,
      bucketRequests: this.#counts.bucketRequests(),
      bodyBytes: this.#toldBytes,
      copiedMs: this.#copiedMs,
      wrote: this.#wrote,
      asked: this.#asked,
      verdicts: this.#verdicts,
    };
    this.#results = [];
    this.#requests = 0;
    this.#copiedMs = [];
    this.#wrote = [];
    this.#asked = [];
    this.#verdicts = [];
    this.#send(happened);
  }
}
