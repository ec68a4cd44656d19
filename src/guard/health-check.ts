import type { Clock } from '../model/ports.ts';

/** One look at what is checked: undefined where it is well, else why it is not, in a few words. */
export type HealthProbe = (signal: AbortSignal) => Promise<string | undefined>;

export interface HealthCheckOptions {
  readonly probe: HealthProbe;
  /** From the begin of one look to the begin of the next. */
  readonly everyMs: number;
  /** A look that takes longer has failed, and is aborted. */
  readonly timeoutMs: number;
  /** So many failures in a row make it ill. */
  readonly fall: number;
  /** So many successes in a row make it well again. */
  readonly rise: number;
  readonly clock: Clock;
  /** Told of every change, with what it comes from: `3 failures in a row: 503`. */
  readonly onChange: (isWell: boolean, reason: string) => void;
}

/**
 * Looks again and again whether something is well.
 *
 * It is well until it is found ill: `fall` looks in a row must fail for that, and `rise` in a row
 * must succeed for it to be well again; one of the other kind between them and the count begins
 * anew. The first look is made as it starts, and the next when `everyMs` are over since then, or at
 * once where the look took longer.
 */
export class HealthCheck {
  readonly #options: HealthCheckOptions;
  readonly #closed = new AbortController();
  #isWell = true;
  /** Looks in a row that say the opposite. */
  #against = 0;
  #watching: Promise<void> | undefined;

  constructor(options: HealthCheckOptions) {
    this.#options = options;
  }

  get isWell(): boolean {
    return this.#isWell;
  }

  /** Begins to look; calls after the first do nothing. */
  start(): void {
    this.#watching ??= this.#watch();
  }

  /** Aborts a look that is under way; when it resolves, there is none from then on. */
  async close(): Promise<void> {
    this.#closed.abort(new Error('the health check is closed'));
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { everyMs, clock } = this.#options;
    const { signal } = this.#closed;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      const begunMs = clock.now();
      const reason = await this.#look();
      if (isOver()) return;
      this.#note(reason);
      const restMs = Math.max(0, everyMs - (clock.now() - begunMs));
      await clock.sleep(restMs, signal).catch(() => undefined);
    }
  }

  /** Whatever a look ends in is an answer; that it was aborted by `close` is none. */
  async #look(): Promise<string | undefined> {
    const { probe, timeoutMs, clock } = this.#options;
    const look = new AbortController();
    const timer = new AbortController();
    let leave: () => void = () => undefined;
    const left = new Promise<undefined>((resolve) => {
      leave = () => {
        look.abort(this.#closed.signal.reason);
        resolve(undefined);
      };
      this.#closed.signal.addEventListener('abort', leave, { once: true });
    });
    const late = clock.sleep(timeoutMs, timer.signal).then(
      () => {
        look.abort(new Error('the look took too long'));
        return `no answer within ${timeoutMs / 1000} s`;
      },
      () => undefined,
    );
    try {
      return await Promise.race([probe(look.signal), late, left]);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      this.#closed.signal.removeEventListener('abort', leave);
      timer.abort();
    }
  }

  #note(reason: string | undefined): void {
    const { fall, rise, onChange } = this.#options;
    const isWell = reason === undefined;
    if (isWell === this.#isWell) {
      this.#against = 0;
      return;
    }
    this.#against += 1;
    const needed = isWell ? rise : fall;
    if (this.#against < needed) return;
    this.#isWell = isWell;
    this.#against = 0;
    const what = isWell ? 'success' : 'failure';
    const times = inARow(needed, what);
    onChange(isWell, reason === undefined ? times : `${times}: ${reason}`);
  }
}

function inARow(times: number, what: 'success' | 'failure'): string {
  if (times === 1) return `1 ${what}`;
  return `${times} ${what === 'success' ? 'successes' : 'failures'} in a row`;
}
