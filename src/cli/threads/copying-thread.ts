import { setMaxListeners } from 'node:events';
import { byteBudget } from '../../guard/byte-budget.ts';
import type { BodyMemory } from '../../model/body-memory.ts';
import type { Rule } from '../../model/rule.ts';
import type { EntryWork, Examination } from '../../run/examination.ts';
import { type BatchPresence, stateOf } from '../../run/presence.ts';
import { SharedKeys } from '../../run/shared-keys.ts';
import { copySent } from '../../run/threads/copy-sent.ts';
import { OpenUploads } from '../../transfer/open-uploads.ts';
import { RECHECK_AFTER_MS, Rechecks } from '../../transfer/rechecks.ts';
import { type OpenedBucket, openBucket } from '../open-bucket.ts';
import { openSources, type OpenedSources } from '../open-sources.ts';
import { processSurroundings, type Surroundings } from '../surroundings.ts';
import { endByBug } from './end-by-bug.ts';
import { LeasedLimits } from './leased-limits.ts';
import type { FromThread, NumberedEntry, Opening, ToThread } from './messages.ts';
import { Outbox } from './outbox.ts';
import { askedClaims, askedJournal, Questions } from './questions.ts';

/** How often it tells of what has come, if nothing else is to be told. */
const TICK_MS = 200;

/** What is open in a thread. */
interface Opened {
  readonly rules: ReadonlyMap<string, Rule>;
  readonly sources: OpenedSources;
  readonly bucket: OpenedBucket;
  readonly memory: BodyMemory;
}

/** How a thread is told to stop; the same two steps as the run's. */
interface Stops {
  readonly drain: AbortController;
  readonly abort: AbortController;
}

/**
 * Copies the entries that come, each as the run's own thread would, with bucket and origins of its
 * own, within its share of all limits. It waits for nothing but tries at an address that is well:
 * what would wait for more goes back.
 */
export class CopyingThread {
  readonly #opened: Opened;
  readonly #examination: Examination;
  readonly #questions: Questions;
  readonly #outbox: Outbox;
  readonly #limits: LeasedLimits;
  readonly #stops: Stops;

  private constructor(opening: Opening, surroundings: Surroundings, parts: Parts) {
    const { opened, questions, outbox, limits, stops } = parts;
    this.#opened = opened;
    this.#questions = questions;
    this.#outbox = outbox;
    this.#limits = limits;
    this.#stops = stops;
    this.#examination = examinationOf(opening, surroundings, parts);
    setInterval(() => {
      outbox.tick();
    }, TICK_MS);
  }

  /** @throws FatalError `usage` as the sources and the bucket do. */
  static async open(opening: Opening, post: (message: FromThread) => void): Promise<CopyingThread> {
    const { env, pid, host } = opening;
    const surroundings = { ...processSurroundings(), env, pid, host };
    const stops = { drain: new AbortController(), abort: new AbortController() };
    // Everything in flight listens to them; that is no leak.
    setMaxListeners(0, stops.drain.signal, stops.abort.signal);
    const questions = new Questions(post);
    const opened: { now?: Opened } = {};
    const outbox = new Outbox(
      (happened) => {
        post({ op: 'happened', happened });
      },
      {
        bucketRequests: () => opened.now?.bucket.requests() ?? 0,
        bodyBytes: () => opened.now?.sources.traffic.bodyBytes ?? 0,
      },
    );
    const { index, threads } = opening;
    const tell = outbox.verdict.bind(outbox);
    const limits = new LeasedLimits({ index, threads, questions, post, tell });
    opened.now = await openAll(opening, surroundings, limits, stops.drain.signal);
    const parts = { opened: opened.now, questions, outbox, limits, stops };
    return new CopyingThread(opening, surroundings, parts);
  }

  take(message: Exclude<ToThread, { readonly op: 'open' }>): void {
    switch (message.op) {
      case 'entries':
        for (const entry of message.entries) this.#begin(entry);
        return;
      case 'answer':
        this.#questions.answered(message.number, message.answer);
        return;
      case 'breaker':
        this.#limits.setBreaker(message.breaker, message.isClosed);
        return;
      case 'pause':
        this.#limits.leaveAlone(message.host, message.ms);
        return;
      case 'drain':
        this.#stops.drain.abort(message.reason);
        return;
      case 'abort':
        this.#stops.abort.abort(new Error('the run is aborted'));
        return;
    }
  }

  #begin(sent: NumberedEntry): void {
    const work = this.#workOf(sent);
    const { key } = sent.entry;
    const { uploads } = this.#examination;
    if (sent.sealed !== undefined) uploads?.know(key, sent.sealed);
    copySent(this.#examination, work, this.#stops.abort.signal)
      .then((cameOf) => {
        // What is written down is the run's to know: the next to go on with it may be another thread.
        uploads?.know(key, undefined);
        this.#outbox.result({ number: sent.number, cameOf, requests: work.requests });
      })
      .catch(endByBug);
  }

  #workOf({ entry, rule: id, known, sinceMs, requests }: NumberedEntry): EntryWork {
    const rule = this.#opened.rules.get(id);
    const source = this.#opened.sources.byRule.get(id);
    if (rule === undefined || source === undefined) {
      throw new Error(`a thread got a key of rule ${id}, which it does not have`);
    }
    const inBucket: BatchPresence = {
      known: () => (known === undefined ? undefined : PRESENCE[known]),
      ask: (key, signal) => this.#ask(key, signal),
    };
    return { entry, rule, source, inBucket, sinceMs, requests };
  }

  readonly #ask: BatchPresence['ask'] = async (key, signal) => {
    const { clock, bucket } = this.#examination;
    const startedMs = clock.now();
    const object = await bucket.head(key, signal);
    this.#outbox.asked(clock.now() - startedMs, object !== undefined);
    return stateOf(object);
  };
}

const PRESENCE = {
  absent: { state: 'absent' },
  present: { state: 'present', object: undefined },
  unknown: { state: 'unknown' },
} as const;

interface Parts {
  readonly opened: Opened;
  readonly questions: Questions;
  readonly outbox: Outbox;
  readonly limits: LeasedLimits;
  readonly stops: Stops;
}

async function openAll(
  opening: Opening,
  surroundings: Surroundings,
  sharing: LeasedLimits,
  drain: AbortSignal,
): Promise<Opened> {
  const { rules, allowPrivate, folder, concurrency, exclusiveCreate } = opening;
  const memory = byteBudget(opening.memoryBytes);
  const means = { concurrency, memory, exclusiveCreate };
  const bucket = await openBucket(opening.bucket, folder, means, drain, surroundings, SILENT);
  const { bytesPerSecond, requestsPerSecond } = opening;
  const sources = await openSources(
    {
      rules,
      asks: () => true,
      patience: 'elsewhere',
      allowPrivate,
      folder,
      concurrency,
      rates: { bytesPerSecond, requestsPerSecond },
      onState: () => undefined,
      sharing,
      drain,
      onWaiting: () => undefined,
    },
    surroundings,
  );
  return { rules: new Map(rules.map((rule) => [rule.id, rule])), sources, bucket, memory };
}

/** Checks are what has something to say, and the run's own thread makes them. */
const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
};

function examinationOf(
  { overwrite, checksum, keepsUploads, bucket: settings, allowPrivate, rules }: Opening,
  { clock, steadyClock }: Surroundings,
  { opened, questions, outbox, stops }: Parts,
): Examination {
  const onRequest = (): void => {
    outbox.requested();
  };
  const nothing = (): void => undefined;
  const claims = askedClaims(questions);
  return {
    rules: { rules, bucket: settings, allowPrivate, scan: [] },
    sources: opened.sources.byRule,
    bucket: opened.bucket.bucket,
    presence: outbox,
    overwrite,
    checksum,
    dryRun: false,
    memory: opened.memory,
    uploads: keepsUploads
      ? OpenUploads.knowingNothing(askedJournal(questions), () => clock.now())
      : undefined,
    rechecks: new Rechecks({ afterMs: RECHECK_AFTER_MS, clock, onRequest }),
    shared: new SharedKeys({
      claims,
      owner: 'the run',
      clock: steadyClock,
      drain: stops.drain.signal,
      note: nothing,
    }),
    clock,
    givenUp: new Map(),
    onRequest,
    onWait: nothing,
  };
}
