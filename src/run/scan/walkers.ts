import { Failure, FatalError, Interrupted } from '../../model/failure.ts';
import type { OpenPlace } from '../../model/walk.ts';
import type { StopSignals } from '../engine.ts';
import { WakeUp } from './wake-up.ts';
import { type PlaceSinks, type ScanTarget, walkPlace } from './walk-place.ts';

export interface WalkersOptions extends PlaceSinks {
  readonly targets: readonly ScanTarget[];
  readonly concurrency: number;
  readonly stop: StopSignals;
}

/**
 * Walks the journal's places, so many at once. The first signal takes up no more places, the second
 * ends those under way; either leaves what is not done in the journal.
 */
export class Walkers {
  readonly #options: WalkersOptions;
  readonly #news = new WakeUp();
  readonly #ending = new AbortController();
  #inFlight = 0;
  #isInterrupted = false;
  #fatal: FatalError | undefined;
  #bug: unknown;

  constructor(options: WalkersOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Some places were left because the scan was told to stop. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  /** Ends the walk for good. */
  fail(error: unknown): void {
    if (error instanceof FatalError) this.#fatal ??= error;
    else this.#bug ??= error;
    this.#ending.abort(error);
    this.#news.call();
  }

  /**
   * Resolves when no place is under way and none is left, or the walk was ended.
   * @throws what is a bug.
   */
  async run(): Promise<{ readonly fatal: FatalError | undefined }> {
    const { stop, concurrency } = this.#options;
    const onDrain = (): void => {
      this.#news.call();
    };
    stop.drain.addEventListener('abort', onDrain);
    const signal = AbortSignal.any([stop.abort, this.#ending.signal]);
    try {
      for (;;) {
        const place =
          this.#inFlight < concurrency && !this.#isStopping ? await this.#take() : undefined;
        if (place !== undefined) void this.#walk(place, signal).catch(() => undefined);
        else if (this.#inFlight > 0) await this.#news.wait();
        else break;
      }
    } finally {
      stop.drain.removeEventListener('abort', onDrain);
    }
    if (stop.drain.aborted) this.#isInterrupted ||= await this.#hasMore();
    if (this.#bug !== undefined) throw asError(this.#bug);
    return { fatal: this.#fatal };
  }

  get #isStopping(): boolean {
    return this.#options.stop.drain.aborted || this.#ending.signal.aborted;
  }

  async #take(): Promise<OpenPlace | undefined> {
    try {
      return await this.#options.journal.next();
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  /** A place that is looked at and not walked stays in the journal as taken. */
  async #hasMore(): Promise<boolean> {
    return this.#isInterrupted || (await this.#take()) !== undefined;
  }

  async #walk(place: OpenPlace, signal: AbortSignal): Promise<void> {
    const target = this.#options.targets[place.source];
    this.#inFlight += 1;
    let isBegun = place.recorded.count > 0;
    const sinks: PlaceSinks = {
      ...this.#options,
      onRecorded: (keys) => {
        isBegun = true;
        this.#options.onRecorded(keys);
        this.#news.call();
      },
    };
    try {
      if (target === undefined) throw new Error(`no target has the number ${place.source}`);
      await walkPlace(place, target, sinks, signal);
      this.#done(place);
    } catch (error) {
      this.#failed(error, place, target, isBegun, signal);
    } finally {
      this.#inFlight -= 1;
      this.#news.call();
    }
  }

  #done(place: OpenPlace): void {
    const { journal, tally, onRecorded } = this.#options;
    tally.page(place.prefix, true);
    journal.finish(place, undefined);
    onRecorded(0);
  }

  #failed(
    error: unknown,
    place: OpenPlace,
    target: ScanTarget | undefined,
    isBegun: boolean,
    signal: AbortSignal,
  ): void {
    if (error instanceof Interrupted || signal.aborted) {
      this.#isInterrupted = true;
      return;
    }
    if (!(error instanceof Failure) || target === undefined) {
      this.fail(error);
      return;
    }
    const isStart = target.walk.start().some(({ at }) => at === place.at);
    if (isStart && !isBegun) {
      const line = `rule ${target.rule.id}: nothing can be listed: ${error.message}`;
      this.fail(new FatalError('origins-unusable', line, error));
      return;
    }
    this.#notListed(error, place, target);
  }

  #notListed({ code, status, message }: Failure, place: OpenPlace, { rule }: ScanTarget): void {
    const { journal, tally, events, onRecorded } = this.#options;
    const { prefix } = place;
    tally.page(prefix, false);
    journal.finish(place, { rule: rule.id, prefix, code, status, message });
    events.emit({
      event: 'listing',
      rule: rule.id,
      prefix,
      outcome: 'failed',
      code,
      ...(status === undefined ? {} : { status }),
      message,
    });
    onRecorded(0);
  }
}

function asError(bug: unknown): Error {
  return bug instanceof Error ? bug : new Error(String(bug));
}
