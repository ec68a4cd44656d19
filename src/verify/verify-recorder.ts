import type { InvalidEntry } from '../model/entry.ts';
import type { ObjectEvent, VerifyOutcome } from '../model/event.ts';
import type { EventSink } from '../model/ports.ts';
import type { Verdict } from './verdict.ts';
import { VerifyTally } from './verify-tally.ts';

/** Tells and counts what becomes of each key. */
export class VerifyRecorder {
  readonly tally = new VerifyTally();
  readonly #events: EventSink;

  constructor(events: EventSink) {
    this.#events = events;
  }

  tell(key: string, rule: string, verdict: Verdict): void {
    this.tally.add(key, verdict);
    this.#events.emit({ event: 'object', key, ...outcomeOf(rule, verdict) });
  }

  /** A line of a list that holds no key. */
  tellInvalid({ invalid, reason }: InvalidEntry): void {
    const message = `it can't be in the bucket: ${reason}`;
    const verdict = { outcome: 'unverifiable', code: 'KEY_INVALID', message } as const;
    const name = 'key' in invalid ? invalid.key : invalid.keyBase64;
    this.tally.add(name, verdict);
    const event: ObjectEvent = { event: 'object', ...invalid, rule: null, ...verdict };
    this.#events.emit(event);
  }
}

function outcomeOf(rule: string, verdict: Verdict): VerifyOutcome {
  // What an equal one has for the digest is nobody else's business.
  return verdict.outcome === 'equal' ? { outcome: 'equal', rule } : { ...verdict, rule };
}
