import { FatalError, Interrupted } from '../../model/failure.ts';
import type { OpenUploads } from '../../transfer/open-uploads.ts';
import type { CopyingThreads, EntryWork, Examined } from '../examination.ts';
import type { SentBack, SentEntry } from './sent-entry.ts';

/** Another thread that copies entries. */
export interface CopyThread {
  /** Whether it could begin with an entry of that rule now. */
  takes(rule: string): boolean;
  /**
   * Copies an entry there.
   * @throws ThreadLost where the thread is gone.
   */
  copy(sent: SentEntry, signal: AbortSignal): Promise<SentBack>;
}

export interface ThreadsSettings {
  readonly others: readonly CopyThread[];
  /** Whether the rule's entries may leave this thread now. */
  readonly mayLeave: (rule: string) => boolean;
  /** Where the run has a journal of uploads. */
  readonly uploads: OpenUploads | undefined;
  readonly drain: AbortSignal;
}

/** Objects from this size on are shared out by their bytes. */
const LARGE_BYTES = 1024 * 1024;

/** One of the threads, with what it has to do. */
interface Lane {
  /** Undefined for this one. */
  readonly thread: CopyThread | undefined;
  entries: number;
  bytes: number;
}

/**
 * The threads of a run: this one, which does all that has an order (intake, recording, waiting for
 * addresses and for other processes), and others that only copy. Every entry goes to the one that
 * has the least to do. What another thread can't go on with without waiting comes back, and is
 * copied here, where all waiting is done: so there is one outage of a rule, and one who tries an
 * address that was down.
 */
export class Threads implements CopyingThreads {
  readonly #settings: ThreadsSettings;
  /** The others first: this thread has more to do than to copy. */
  readonly #lanes: readonly Lane[];
  readonly #here: Lane = { thread: undefined, entries: 0, bytes: 0 };

  constructor(settings: ThreadsSettings) {
    this.#settings = settings;
    const others = settings.others.map((thread) => ({ thread, entries: 0, bytes: 0 }));
    this.#lanes = [...others, this.#here];
  }

  /** Here, or in another thread. */
  async copy(
    work: EntryWork,
    here: () => Promise<Examined>,
    signal: AbortSignal,
  ): Promise<Examined> {
    const lane = this.#lightest(work);
    const { thread } = lane;
    if (thread !== undefined) {
      const sent = sentEntry(work, this.#settings.uploads);
      const back = await this.#counted(lane, work, () => thread.copy(sent, signal));
      work.requests = back.requests;
      const outcome = this.#outcomeOf(back, signal);
      if (outcome !== undefined) return outcome;
    }
    return this.#counted(this.#here, work, here);
  }

  /** Undefined where the entry came back as it had gone. */
  #outcomeOf({ cameOf }: SentBack, signal: AbortSignal): Examined | undefined {
    const { drain } = this.#settings;
    switch (cameOf.is) {
      case 'settled':
        return cameOf.outcome;
      case 'held':
        return { outcome: 'held', by: cameOf.by };
      case 'fatal':
        throw new FatalError(cameOf.kind, cameOf.message, causeOf(cameOf.cause));
      case 'aborted':
        signal.throwIfAborted();
        throw new Error('a thread gave up an entry that nobody aborted');
      case 'handedBack':
        signal.throwIfAborted();
        if (drain.aborted) throw new Interrupted(drain.reason);
        return undefined;
    }
  }

  async #counted<T>(lane: Lane, { entry }: EntryWork, action: () => Promise<T>): Promise<T> {
    const { size = 0 } = entry;
    lane.entries += 1;
    lane.bytes += size;
    try {
      return await action();
    } finally {
      lane.entries -= 1;
      lane.bytes -= size;
    }
  }

  #lightest({ entry, rule }: EntryWork): Lane {
    // Where a list's URLs point to is found out as they come, and its limits are known only here.
    if (entry.url !== undefined || !this.#settings.mayLeave(rule.id)) return this.#here;
    const isLarge = (entry.size ?? 0) >= LARGE_BYTES;
    let lightest: Lane | undefined;
    for (const lane of this.#lanes) {
      if (lane.thread?.takes(rule.id) === false) continue;
      if (lightest === undefined || isLighter(lane, lightest, isLarge)) lightest = lane;
    }
    return lightest ?? this.#here;
  }
}

function isLighter(one: Lane, other: Lane, isLarge: boolean): boolean {
  if (isLarge && one.bytes !== other.bytes) return one.bytes < other.bytes;
  return one.entries < other.entries;
}

function causeOf(text: string | undefined): Error | undefined {
  return text === undefined ? undefined : new Error(text);
}

function sentEntry(
  { entry, rule, inBucket, sinceMs, requests }: EntryWork,
  uploads: OpenUploads | undefined,
): SentEntry {
  return {
    entry,
    rule: rule.id,
    known: inBucket.known(entry.key)?.state,
    sealed: uploads?.sealedOf(entry.key),
    sinceMs,
    requests,
  };
}
