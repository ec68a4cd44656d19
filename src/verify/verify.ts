import { setMaxListeners } from 'node:events';
import type { KeyChoice, ScanTotals, SummaryEvent } from '../model/event.ts';
import { type Ending, interruptionOf } from '../model/exit-code.ts';
import { FatalError, Interrupted } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Clock, EventSink } from '../model/ports.ts';
import type { Rule } from '../model/rule.ts';
import { compareListed } from './compare-listed.ts';
import { compareObject, compareUnasked } from './compare-object.ts';
import type { Comparison } from './comparison.ts';
import { InOrder } from './in-order.ts';
import type { Row } from './rows.ts';
import type { Verdict } from './verdict.ts';
import { verifyExitCode } from './verify-exit-code.ts';
import { startVerifyProgress } from './verify-progress.ts';
import type { VerifyRecorder } from './verify-recorder.ts';

export interface VerifyOptions {
  readonly job: string;
  readonly comparison: Comparison;
  /** Every key that is looked at, once. A scan, or a list, may still be read while they come. */
  readonly rows: AsyncIterable<readonly Row[]>;
  /** The rule of a key in the rows. */
  readonly ruleOf: (key: ObjectKey) => Rule | undefined;
  /** Whether what only the bucket has is `extra`; else nobody knows. */
  readonly isExtra: (rule: Rule, key: ObjectKey) => boolean;
  /** Share of all keys that is looked at, and what tells which. */
  readonly sample: number;
  readonly seed: string | undefined;
  /** What tells which keys are looked at at all; undefined where all are. */
  readonly filter?: KeyChoice | undefined;
  readonly recorder: VerifyRecorder;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Keys that are asked for at once. */
  readonly concurrency: number;
  readonly stop: { readonly drain: AbortSignal; readonly abort: AbortSignal };
  /** Asked at the end: what the scan came to, where there was one. */
  readonly scanned: () => ScanTotals | undefined;
  readonly figures: () => Pick<SummaryEvent, 'bytes' | 'originRequests' | 'bucketRequests'>;
}

export interface VerifyResult {
  readonly summary: SummaryEvent;
  /** What ended it early, if it was not a signal. */
  readonly fatal: FatalError | undefined;
  /** Keys that only the bucket has and that nobody knows to be extra. */
  readonly unjudged: number;
}

/**
 * Compares the bucket with what ought to be in it, key by key, and tells of each key once, in the
 * order of the keys. Nothing is written anywhere.
 * @throws what is a bug; everything else is in the result.
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const { events, clock, recorder } = options;
  const startedMs = clock.now();
  events.emit({
    event: 'start',
    schema: 1,
    command: 'verify',
    job: options.job,
    time: new Date(startedMs).toISOString(),
    resumed: false,
  });
  const work = new Verifying(options);
  const progress = startVerifyProgress({
    clock,
    events,
    listed: () => recorder.tally.listed,
    bytes: () => options.figures().bytes,
    inFlight: () => work.inFlight,
  });
  let fatal: FatalError | undefined;
  try {
    await work.run();
  } catch (error) {
    fatal = fatalOf(error, options.stop);
  } finally {
    await progress.stop();
  }
  const summary = summaryOf(options, fatal, Math.max(0, clock.now() - startedMs));
  return { summary, fatal, unjudged: work.unjudged };
}

/** @throws what is neither fatal nor of a stop. */
function fatalOf(error: unknown, { drain }: VerifyOptions['stop']): FatalError | undefined {
  if (error instanceof FatalError) return error;
  if (error instanceof Interrupted) return undefined;
  // Streams give the reason, which is a signal's name, as it is or as an Error's message.
  const told = error instanceof Error ? error.message : error;
  if (drain.aborted && (told === 'SIGINT' || told === 'SIGTERM')) return undefined;
  throw error;
}

/** Takes the rows in, and has compared what can't be told from listings. */
class Verifying {
  /** Keys that only the bucket has and that nobody knows to be extra. */
  unjudged = 0;
  readonly #options: VerifyOptions;
  readonly #results: InOrder<readonly [key: ObjectKey, rule: Rule, verdict: Verdict]>;
  readonly #failed = new AbortController();
  readonly #signal: AbortSignal;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.stop.abort, this.#failed.signal]);
    // Everything in flight listens to it; that is no leak.
    setMaxListeners(0, this.#signal);
    this.#results = new InOrder(options.concurrency, ([key, rule, verdict]) => {
      options.recorder.tell(key, rule.id, verdict);
    });
  }

  get inFlight(): number {
    return this.#results.inFlight;
  }

  /** @throws what ended the work early; nothing is in flight by then. */
  async run(): Promise<void> {
    const { rows, events, stop } = this.#options;
    try {
      for await (const batch of rows) {
        for (const row of batch) {
          await this.#results.room();
          if (stop.drain.aborted) break;
          this.#take(row);
        }
        // Whoever reads along holds up the work.
        await events.flush();
        if (stop.drain.aborted) break;
      }
    } catch (error) {
      this.#failed.abort();
      await this.#results.end().catch(() => undefined);
      throw error;
    }
    await this.#results.end();
  }

  #take(row: Row): void {
    const { ruleOf, comparison } = this.#options;
    const { key, expected, listed } = row;
    const rule = ruleOf(key);
    if (rule === undefined) return;
    if (expected === undefined) {
      this.#takeUnexpected(rule, key);
      return;
    }
    if (listed === undefined) {
      this.#results.put([key, rule, { outcome: 'missing' }]);
      return;
    }
    if (listed === 'unasked') {
      this.#start(key, rule, () => compareUnasked(comparison, { rule, expected }, this.#signal));
      return;
    }
    const told = compareListed(comparison.level, expected, listed);
    if (told !== undefined) this.#results.put([key, rule, told]);
    else {
      const pair = { rule, expected, listed };
      this.#start(key, rule, () => compareObject(comparison, pair, this.#signal));
    }
  }

  #takeUnexpected(rule: Rule, key: ObjectKey): void {
    if (this.#options.isExtra(rule, key)) this.#results.put([key, rule, { outcome: 'extra' }]);
    else this.unjudged += 1;
  }

  #start(key: ObjectKey, rule: Rule, compare: () => Promise<Verdict>): void {
    this.#results.start(async () => [key, rule, await compare()]);
  }
}

function summaryOf(
  options: VerifyOptions,
  fatal: FatalError | undefined,
  elapsedMs: number,
): SummaryEvent {
  const { recorder, comparison, sample, seed, filter, stop } = options;
  const { tally } = recorder;
  const scan = options.scanned();
  const listingErrors = scan?.listingErrors ?? 0;
  const none = { copied: 0, skipped: 0, failed: 0 };
  const totals = tally.totals(comparison.level, sample);
  const ending = endingOf(fatal, stop.drain);
  return {
    event: 'summary',
    command: 'verify',
    listed: tally.listed,
    ...none,
    deleted: 0,
    listingErrors,
    ...options.figures(),
    carried: { listed: 0, ...none },
    resumed: false,
    elapsedMs,
    ...(scan === undefined ? {} : { scan }),
    verify: {
      ...totals,
      ...(seed === undefined ? {} : { seed }),
      ...(filter === undefined ? {} : { filter }),
    },
    exitCode: verifyExitCode(ending, tally.counts, listingErrors, tally.bugs),
  };
}

function endingOf(fatal: FatalError | undefined, drain: AbortSignal): Ending {
  if (fatal !== undefined) return { kind: 'fatal', fatal: fatal.kind };
  if (!drain.aborted) return { kind: 'finished' };
  return { kind: 'interrupted', by: interruptionOf(drain) };
}
