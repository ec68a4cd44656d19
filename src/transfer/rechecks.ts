import type { BodyMemory } from '../model/body-memory.ts';
import { Failure, FatalError, Interrupted } from '../model/failure.ts';
import type { Origin, OriginHead, OriginRequest } from '../model/origin.ts';
import type { Clock } from '../model/ports.ts';
import { recheckVersion, isVersionTold } from '../plan/recheck-version.ts';

/** A file that is edited in place while it is read for so long gives a mix of two versions. */
export const RECHECK_AFTER_MS = 5000;

export interface RecheckSettings {
  /** Milliseconds from a body's head to its last byte; bodies that took longer are looked at again. */
  readonly afterMs: number;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  /** Told of each look as it is sent, with the address's name: it is no request for a body. */
  readonly onRequest: (origin: string) => void;
}

/** What a look at the address came to; `unknown`: it does not tell, which is no reason to refuse. */
export type RecheckVerdict = 'same' | 'changed' | 'unknown';

/** The transfer whose body is looked after. */
interface Rechecked {
  readonly source: Origin;
  readonly request: OriginRequest;
  readonly memory: BodyMemory;
}

/** So long a look may go on once somebody waits for the memory that its object holds. */
const GRACE_MS = 2_000;

/** Answers that say that HEAD is not for us, whatever the object. */
function refusesHead({ code, status = 0 }: Failure): boolean {
  return code === 'ORIGIN_STATUS' && ((status >= 400 && status < 500) || status === 501);
}

/**
 * Finds out whether what a slow body was read of is still there: a file that is edited in place
 * while it is read gives a mix of two versions, of the right length perhaps. One for a whole run: an
 * address that refuses HEAD is not asked again.
 */
export class Rechecks {
  readonly #settings: RecheckSettings;
  readonly #refusing = new Set<string>();

  constructor(settings: RecheckSettings) {
    this.#settings = settings;
  }

  now(): number {
    return this.#settings.clock.now();
  }

  /** @param sinceMs when the body began; undefined: in an earlier run */
  isDue(head: OriginHead, sinceMs: number | undefined): boolean {
    if (!isVersionTold(head) || this.#refusing.has(head.origin)) return false;
    return sinceMs === undefined || this.now() - sinceMs > this.#settings.afterMs;
  }

  /**
   * Asks the address that gave the body by HEAD, through the rule's own origin, and then runs
   * `settle`, whose result it gives. It waits for no address that is down, and not for long once
   * somebody wants the memory that the object holds meanwhile: all could wait for each other.
   */
  async run<T>(
    { source, request, memory }: Rechecked,
    head: OriginHead,
    settle: (verdict: RecheckVerdict) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const stop = new AbortController();
    const over = new AbortController();
    const settled = new Promise<void>((resolve) => {
      over.signal.addEventListener('abort', () => {
        resolve();
      });
    });
    const withdraw = memory.onWanted(async () => {
      await this.#settings.clock.sleep(GRACE_MS, over.signal).catch(() => undefined);
      stop.abort();
      await settled;
    });
    try {
      const ending = AbortSignal.any([signal, stop.signal]);
      const asked = this.#asked(request, head, () => {
        stop.abort();
      });
      const verdict = await source
        .read(asked, (answer) => Promise.resolve(recheckVersion(head, answer.head)), ending)
        .catch((error: unknown) => {
          signal.throwIfAborted();
          return stop.signal.aborted ? 'unknown' : this.#verdictOf(error, head);
        });
      return await settle(verdict);
    } finally {
      withdraw();
      over.abort();
    }
  }

  #asked(request: OriginRequest, head: OriginHead, giveUp: () => void): OriginRequest {
    return {
      ...request,
      method: 'HEAD',
      unless: undefined,
      readOn: undefined,
      range: undefined,
      keepAnswer: undefined,
      // The address that has it is asked first.
      begun: () => ({ origin: head.origin, bytes: 1 }),
      onRequest: this.#settings.onRequest,
      onWait: (waiting) => {
        if (waiting) giveUp();
      },
    };
  }

  #verdictOf(error: unknown, head: OriginHead): RecheckVerdict {
    if (error instanceof FatalError || error instanceof Interrupted) return 'unknown';
    if (!(error instanceof Failure)) throw error;
    if (refusesHead(error)) this.#refusing.add(head.origin);
    return error.code === 'ORIGIN_NOT_FOUND' ? 'changed' : 'unknown';
  }
}
