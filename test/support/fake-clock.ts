import type { Clock } from '../../src/model/ports.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves time on, waking sleepers in the order of their time; work they start runs in between. */
  advance(ms: number): Promise<void>;
  /** Lets everything run that needs no time to pass. */
  settle(): Promise<void>;
  /** How many sleep now. */
  sleepers(): number;
  /** Every sleep that was asked for, in milliseconds. */
  readonly sleeps: readonly number[];
}

export interface FakeClockOptions {
  /** Milliseconds since the epoch. */
  readonly startMs?: number;
  /** What `random` gives, over and over. */
  readonly random?: readonly number[];
}

/** Turns of the event loop that chains of promises, and hashing in slices, get to come to rest. */
const SETTLE_TURNS = 50;

/** A deterministic clock; time passes only by `advance`. */
export function fakeClock(options: FakeClockOptions = {}): FakeClock {
  let nowMs = options.startMs ?? Date.UTC(2026, 10, 20, 4);
  const randoms = options.random ?? [0.5];
  let drawn = 0;
  const sleeping = new Set<Sleeper>();
  const sleeps: number[] = [];

  async function settle(): Promise<void> {
    for (let turn = 0; turn < SETTLE_TURNS; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  function nextDue(untilMs: number): Sleeper | undefined {
    const due = [...sleeping].filter((sleeper) => sleeper.dueMs <= untilMs);
    return due.sort((a, b) => a.dueMs - b.dueMs)[0];
  }

  return {
    sleeps,
    settle,
    now: () => nowMs,
    sleepers: () => sleeping.size,
    random() {
      const value = randoms[drawn % randoms.length] ?? 0.5;
      drawn += 1;
      return value;
    },
    async sleep(ms, signal) {
      signal.throwIfAborted();
      sleeps.push(ms);
      await new Promise<void>((resolve, reject) => {
        const abort = () => {
          sleeping.delete(sleeper);
          reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        const sleeper: Sleeper = {
          dueMs: nowMs + ms,
          wake: () => {
            sleeping.delete(sleeper);
            signal.removeEventListener('abort', abort);
            resolve();
          },
        };
        sleeping.add(sleeper);
        signal.addEventListener('abort', abort, { once: true });
      });
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settle();
      for (let next = nextDue(untilMs); next !== undefined; next = nextDue(untilMs)) {
        nowMs = Math.max(nowMs, next.dueMs);
        next.wake();
        await settle();
      }
      nowMs = untilMs;
    },
  };
}
