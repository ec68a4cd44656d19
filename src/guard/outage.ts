import { FatalError, Interrupted } from '../model/failure.ts';
import type { Clock } from '../model/ports.ts';
import { describeReasons, firstAlive, type AddressReason } from './first-alive.ts';
import type { GuardedOrigin } from './guarded-origin.ts';

export interface OutageOptions {
  /** What has the addresses, for messages: a rule. */
  readonly name: string;
  readonly addresses: () => readonly GuardedOrigin[];
  /** So long may every address be down. */
  readonly giveUpAfterMs: number;
  readonly clock: Clock;
  /** Aborts when the run is to stop: nobody waits any longer then. */
  readonly drain: AbortSignal;
  /** Told in a line when keys begin to wait. */
  readonly onWaiting: ((message: string) => void) | undefined;
}

/** The first wait between two looks at the addresses; it doubles from one to the next. */
const FIRST_INTERVAL_MS = 1000;
const MAX_INTERVAL_MS = 30_000;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What the keys of a rule do while all its addresses are down: they wait together.
 *
 * It is up, or down. `wait` makes it down: one prober begins to look, at growing intervals and when
 * a breaker lets an address be tried again, and everybody who waits is let go when an address is
 * alive and may be asked; it is up again. When the last waiter leaves, the prober stops.
 *
 * Being alive to a probe proves little (a server that answers 500 to everything is), so the time
 * since when the rule is down goes on over several such rounds and ends with `answered`: an answer
 * that is good for something. When it reaches `giveUpAfterMs`, everybody who waits gets the same
 * FatalError. A rule that was up for so long without being asked starts from zero as well.
 */
export class Outage {
  readonly #options: OutageOptions;
  readonly #waiters = new Set<Waiter>();
  readonly #closed = new AbortController();
  #prober: AbortController | undefined;
  #looking: Promise<boolean> | undefined;
  #downSinceMs: number | undefined;
  #upSinceMs = 0;
  #reasons: readonly AddressReason[] = [];

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** Whether keys wait now; who comes new should wait with them. */
  get ongoing(): boolean {
    return this.#prober !== undefined;
  }

  /** An address gave an answer that is good for something. */
  answered(): void {
    this.#downSinceMs = undefined;
  }

  /** Whether any address answers a probe; whoever asks at the same time shares one look. */
  async anyAlive(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    this.#looking ??= this.#look(this.#options.addresses(), this.#closed.signal).finally(() => {
      this.#looking = undefined;
    });
    return abortable(this.#looking, signal);
  }

  /**
   * Resolves when it makes sense to ask again.
   * @throws FatalError `origins-unusable` after `giveUpAfterMs`, Interrupted when the run is to
   * stop, the signal's reason on abort.
   */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { drain } = this.#options;
    if (drain.aborted) throw new Interrupted(drain.reason);
    let waiter: Waiter | undefined;
    const settled = new Promise<void>((resolve, reject) => {
      waiter = { resolve, reject };
      this.#waiters.add(waiter);
    });
    if (this.#prober === undefined) this.#begin();
    try {
      await abortable(settled, AbortSignal.any([signal, drain]));
    } catch (error) {
      signal.throwIfAborted();
      throw this.#options.drain.aborted ? new Interrupted(drain.reason) : error;
    } finally {
      if (waiter !== undefined) this.#waiters.delete(waiter);
      if (this.#waiters.size === 0) this.#stop();
    }
  }

  /** Ends probes that are under way; who waits gets an error. */
  close(): void {
    this.#closed.abort(new Error('the origin is closed'));
    this.#stop();
    this.#settle((waiter) => {
      waiter.reject(this.#closed.signal.reason);
    });
  }

  #begin(): void {
    const { name, clock, giveUpAfterMs, onWaiting } = this.#options;
    const now = clock.now();
    if (now - this.#upSinceMs > giveUpAfterMs) this.#downSinceMs = undefined;
    if (this.#downSinceMs === undefined) {
      onWaiting?.(`every address of ${name} is down, its keys wait`);
    }
    this.#downSinceMs ??= now;
    const prober = new AbortController();
    this.#prober = prober;
    this.#probe(this.#downSinceMs + giveUpAfterMs, prober.signal).then(
      () => {
        this.#end(prober, (waiter) => {
          waiter.resolve();
        });
      },
      (error: unknown) => {
        this.#end(prober, (waiter) => {
          waiter.reject(error);
        });
      },
    );
  }

  /** Ends what `prober` stands for, if that is not over already. */
  #end(prober: AbortController, how: (waiter: Waiter) => void): void {
    if (this.#prober !== prober) return;
    this.#stop();
    this.#settle(how);
  }

  #stop(): void {
    if (this.#prober === undefined) return;
    this.#prober.abort(new Error('nobody waits any more'));
    this.#prober = undefined;
    this.#upSinceMs = this.#options.clock.now();
  }

  #settle(how: (waiter: Waiter) => void): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    waiters.forEach(how);
  }

  async #probe(giveUpAtMs: number, signal: AbortSignal): Promise<void> {
    const { clock, addresses } = this.#options;
    for (let intervalMs = FIRST_INTERVAL_MS; ; intervalMs *= 2) {
      await clock.sleep(this.#pauseMs(Math.min(intervalMs, MAX_INTERVAL_MS), giveUpAtMs), signal);
      const askable = addresses().filter((address) => address.available());
      if (askable.length > 0 && (await this.#look(askable, signal))) return;
      if (clock.now() >= giveUpAtMs) throw this.#givenUp();
    }
  }

  #pauseMs(intervalMs: number, giveUpAtMs: number): number {
    const now = this.#options.clock.now();
    const moments = this.#options.addresses().map((address) => address.retryAtMs());
    const pauses = [...moments, giveUpAtMs].map((atMs) => atMs - now).filter((ms) => ms > 0);
    return Math.min(intervalMs, ...pauses);
  }

  async #look(addresses: readonly GuardedOrigin[], signal: AbortSignal): Promise<boolean> {
    const found = await firstAlive(addresses, signal);
    if (!found.alive) this.#reasons = found.reasons;
    return found.alive;
  }

  #givenUp(): FatalError {
    const { name, giveUpAfterMs } = this.#options;
    const reasons = describeReasons(this.#reasons);
    return new FatalError(
      'origins-unusable',
      `every address of ${name} has been down for ${Math.round(giveUpAfterMs / 1000)} s${reasons === '' ? '' : ` (${reasons})`}: see to them and run again, the job resumes where it stands`,
      this.#reasons.at(-1)?.failure,
    );
  }
}

/** `promise`, or the signal's reason if it aborts first; what is left behind goes on by itself. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let leave: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    leave = () => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
