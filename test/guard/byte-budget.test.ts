import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteBudget, type ByteBudget } from '../../src/guard/byte-budget.ts';
import type { ReservedMemory } from '../../src/model/body-memory.ts';

const MIB = 2 ** 20;
const never = new AbortController().signal;

/** What a wait came to so far. */
function watched(memory: ReservedMemory | Promise<ReservedMemory>) {
  const seen: { granted?: ReservedMemory; refused?: unknown } = {};
  const settled = Promise.resolve(memory).then(
    (granted) => {
      seen.granted = granted;
    },
    (refused: unknown) => {
      seen.refused = refused;
    },
  );
  return { seen, settled };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

/** A reservation that must not have to wait. */
function atOnce(memory: ReservedMemory | Promise<ReservedMemory>): ReservedMemory {
  if (memory instanceof Promise) throw new Error('it had to wait');
  return memory;
}

describe('a byte budget', () => {
  it('gives at once what is free, and keeps waiting what is not', async () => {
    const budget = byteBudget(8 * MIB);
    const first = atOnce(budget.reserve(5 * MIB, never));
    const second = watched(budget.reserve(4 * MIB, never));
    await turns();
    expect(second.seen.granted).toBeUndefined();
    expect(budget.usage()).toMatchObject({ reservedBytes: 5 * MIB, waiting: 1 });
    first.release();
    await second.settled;
    expect(budget.usage()).toMatchObject({ reservedBytes: 4 * MIB, waiting: 0 });
  });

  it('lets no small one overtake a large one that waits', async () => {
    const budget = byteBudget(8 * MIB);
    const first = atOnce(budget.reserve(5 * MIB, never));
    const large = watched(budget.reserve(4 * MIB, never));
    const small = watched(budget.reserve(1, never));
    await turns();
    expect(small.seen.granted).toBeUndefined();
    first.release();
    await Promise.all([large.settled, small.settled]);
    expect(budget.usage().reservedBytes).toBe(4 * MIB + 1);
  });

  it('lets no beginning overtake a large one that waits', async () => {
    const budget = byteBudget(8 * MIB);
    const first = atOnce(budget.reserve(5 * MIB, never));
    const large = watched(budget.reserve(4 * MIB, never));
    const begun = watched(budget.begin(never));
    await turns();
    expect(begun.seen.granted).toBeUndefined();
    first.release();
    await Promise.all([large.settled, begun.settled]);
    expect(begun.seen.granted).toBeDefined();
  });

  it('counts one that is larger than itself as its limit, so that it comes at all', async () => {
    const budget = byteBudget(8 * MIB);
    const begun = atOnce(budget.begin(never));
    const first = atOnce(budget.reserve(MIB, never));
    const huge = watched(budget.reserve(100 * MIB, never));
    await turns();
    expect(huge.seen.granted).toBeUndefined();
    first.release();
    await huge.settled;
    expect(huge.seen.granted).toBeDefined();
    const next = watched(budget.reserve(MIB, never));
    await turns();
    expect(next.seen.granted).toBeUndefined();
    begun.release();
    await next.settled;
    expect(budget.usage().reservedBytes).toBe(budget.limitBytes + MIB);
  });

  it('gives the same bytes back once, however often that is said', () => {
    const budget = byteBudget(8 * MIB);
    const kept = atOnce(budget.reserve(MIB, never));
    const given = atOnce(budget.reserve(2 * MIB, never));
    given.release();
    given.recycle();
    given.release();
    expect(budget.usage().reservedBytes).toBe(MIB);
    expect(() => given.piece()).toThrow('given back');
    kept.release();
  });

  it('forgets one that is aborted while it waits, and serves what stood behind it', async () => {
    const budget = byteBudget(8 * MIB);
    const first = atOnce(budget.reserve(5 * MIB, never));
    const stop = new AbortController();
    const large = watched(budget.reserve(6 * MIB, stop.signal));
    const small = watched(budget.reserve(MIB, never));
    const reason = new Error('stopped');
    stop.abort(reason);
    await Promise.all([large.settled, small.settled]);
    expect(large.seen.refused).toBe(reason);
    expect(budget.usage()).toMatchObject({ reservedBytes: 6 * MIB, waiting: 0 });
    expect(() => budget.reserve(1, stop.signal)).toThrow(reason);
    first.release();
  });

  it('has room for beginnings however much is reserved whole, later if not now', async () => {
    const budget = byteBudget(8 * MIB);
    const whole = atOnce(budget.reserve(7 * MIB, never));
    const begun = Array.from({ length: 4 }, () => atOnce(budget.begin(never)));
    const fifth = watched(budget.begin(never));
    const behind = watched(budget.reserve(7 * MIB, never));
    whole.release();
    await behind.settled;
    expect(behind.seen.granted).toBeDefined();
    expect(fifth.seen.granted).toBeUndefined();
    begun[0]?.release();
    await fifth.settled;
    expect(fifth.seen.granted).toBeDefined();
  });

  it('hands recycled pieces on, and lets them go where they stand in the way', () => {
    const budget = byteBudget(8 * MIB);
    const first = atOnce(budget.reserve(3 * MIB, never));
    const piece = first.piece();
    expect(piece.length).toBe(3 * MIB);
    expect(first.piece() === piece).toBe(true);
    first.recycle();
    const second = atOnce(budget.reserve(3 * MIB, never));
    expect(second.piece().buffer === piece.buffer).toBe(true);
    second.recycle();
    atOnce(budget.reserve(2 * MIB, never)).piece();
    expect(budget.usage().allocatedBytes).toBe(5 * MIB);
    atOnce(budget.reserve(4 * MIB, never)).piece();
    expect(budget.usage().allocatedBytes).toBe(6 * MIB);
  });

  it('gives memory that other threads see where that is wanted, and no more than it may', () => {
    const budget = byteBudget(8 * MIB);
    const isShared = (use?: 'shared') => {
      const reserved = atOnce(budget.reserve(3 * MIB, never));
      const { buffer } = reserved.piece(use);
      // Nobody gets it again, and it is as if it were never collected.
      reserved.release();
      return buffer instanceof SharedArrayBuffer;
    };
    expect(isShared()).toBe(false);
    expect([isShared('shared'), isShared('shared'), isShared('shared')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([0, 3, 7])(
    'gives a piece that lies in words as what is copied to it, %i in',
    (within) => {
      const budget = byteBudget(8 * MIB);
      const source = new Uint8Array(new ArrayBuffer(64), 8 + within, 16);
      for (const use of ['shared', undefined] as const) {
        const reserved = atOnce(budget.reserve(3 * MIB, never));
        const piece = reserved.piece(use, source);
        expect(piece.byteOffset % 8).toBe(within);
        expect(piece.length).toBe(3 * MIB);
        expect(reserved.piece() === piece).toBe(true);
        reserved.recycle();
      }
      expect(budget.usage().allocatedBytes).toBe(3 * MIB);
    },
  );

  it('gives a piece that requests may still read to nobody', () => {
    const budget = byteBudget(8 * MIB);
    const first = atOnce(budget.reserve(3 * MIB, never));
    const piece = first.piece();
    first.release();
    const other = atOnce(budget.reserve(3 * MIB, never)).piece();
    expect(other.buffer === piece.buffer).toBe(false);
  });

  it('takes what is offered as soon as somebody waits, one offer after the other', async () => {
    const budget = byteBudget(8 * MIB);
    const held = [3, 3, 1].map((size) => atOnce(budget.reserve(size * MIB, never)));
    const given: number[] = [];
    const withdraw = held.map((memory, index) =>
      budget.onWanted(async () => {
        await Promise.resolve();
        given.push(index);
        memory.release();
      }),
    );
    withdraw[0]?.();
    await turns();
    expect(given).toEqual([]);
    const late = watched(budget.reserve(4 * MIB, never));
    await late.settled;
    expect(given).toEqual([1]);
    await turns();
    expect(given).toEqual([1]);
  });
});

const SIZES = fc.integer({ min: 0, max: 12 * MIB });

/** What a body does with the budget, in order of its life. */
const JOB = fc.oneof(
  fc.record({ kind: fc.constant('parts' as const), sizes: fc.array(SIZES, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('unknown' as const), size: SIZES }),
  fc.record({ kind: fc.constant('paused' as const), size: SIZES }),
);
type Job = typeof JOB extends fc.Arbitrary<infer T> ? T : never;

class Bodies {
  readonly #budget: ByteBudget;
  readonly #scheduler: fc.Scheduler;
  readonly #totalBytes: number;
  readonly #count: number;
  readonly #onEnd: (() => void)[] = [];
  #pausing = 0;
  #asked = 0;
  #lastGranted = 0;
  ended = 0;

  constructor(totalBytes: number, count: number, scheduler: fc.Scheduler) {
    this.#count = count;
    this.#budget = byteBudget(totalBytes);
    this.#totalBytes = totalBytes;
    this.#scheduler = scheduler;
  }

  get budget(): ByteBudget {
    return this.#budget;
  }

  async live(job: Job, signal: AbortSignal): Promise<void> {
    try {
      await this.#pass();
      switch (job.kind) {
        case 'parts':
          for (const size of job.sizes) await this.#hold(await this.#reserve(size, signal));
          return;
        case 'unknown':
          await this.#grow(job.size, signal);
          return;
        case 'paused':
          await this.#pauseWith(await this.#reserve(job.size, signal));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.ended += 1;
      this.#wake();
    }
  }

  #wake(): void {
    for (const wake of this.#onEnd.splice(0)) wake();
  }

  async #grow(size: number, signal: AbortSignal): Promise<void> {
    const begun = await this.#budget.begin(signal);
    try {
      begun.piece();
      await this.#pass();
      await this.#hold(await this.#reserve(size, signal));
    } finally {
      begun.recycle();
    }
  }

  /** Waits for something that only comes once everybody else is done. */
  async #pauseWith(memory: ReservedMemory): Promise<void> {
    const withdraw = this.#budget.onWanted(() => {
      memory.release();
      return Promise.resolve();
    });
    await this.#whenOthersEnded();
    this.#pausing -= 1;
    withdraw();
    memory.recycle();
  }

  /** Without the offer they never would, where they need what it holds. */
  async #whenOthersEnded(): Promise<void> {
    this.#pausing += 1;
    this.#wake();
    while (this.ended + this.#pausing < this.#count) {
      await new Promise<void>((resolve) => this.#onEnd.push(resolve));
    }
  }

  async #reserve(size: number, signal: AbortSignal): Promise<ReservedMemory> {
    this.#asked += 1;
    const turn = this.#asked;
    const memory = await this.#budget.reserve(size, signal);
    this.#check();
    expect(turn).toBeGreaterThan(this.#lastGranted);
    this.#lastGranted = turn;
    return memory;
  }

  async #hold(memory: ReservedMemory): Promise<void> {
    try {
      const { limitBytes } = this.#budget;
      if (memory.piece().length <= limitBytes) this.#check();
      await this.#pass();
    } finally {
      memory.recycle();
    }
  }

  #check(): void {
    const { reservedBytes, peakBytes } = this.#budget.usage();
    expect(reservedBytes).toBeLessThanOrEqual(this.#totalBytes);
    expect(peakBytes).toBeLessThanOrEqual(this.#totalBytes);
  }

  async #pass(): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve());
  }
}

describe('bodies of any sizes, in any order', () => {
  it('all end, one before the other, within the budget, and leave nothing reserved', async () => {
    const bodies = fc.array(fc.record({ job: JOB, isAborted: fc.boolean() }), { maxLength: 24 });
    await fc.assert(
      fc.asyncProperty(bodies, fc.scheduler(), async (jobs, scheduler) => {
        const all = new Bodies(8 * MIB, jobs.length, scheduler);
        const failures: unknown[] = [];
        for (const { job, isAborted } of jobs) {
          const stop = new AbortController();
          all.live(job, stop.signal).catch((error: unknown) => failures.push(error));
          if (!isAborted) continue;
          const aborting = scheduler.schedule(Promise.resolve(), 'abort');
          aborting.then(
            () => {
              stop.abort(new Error('stopped'));
            },
            () => undefined,
          );
        }
        await scheduler.waitIdle();
        await turns();
        expect(failures).toEqual([]);
        expect(all.ended).toBe(jobs.length);
        expect(all.budget.usage()).toMatchObject({ reservedBytes: 0, waiting: 0 });
      }),
      { numRuns: 300 },
    );
  });

  it('never have more memory than the budget, pieces that are kept included', () => {
    const steps = fc.array(
      fc.record({
        size: fc.integer({ min: 1, max: 7 * MIB }),
        end: fc.constantFrom('hold', 'release', 'recycle'),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const budget = byteBudget(8 * MIB);
        const { signal } = new AbortController();
        const held: ReservedMemory[] = [];
        for (const { size, end } of all) {
          const memory = budget.reserve(size, signal);
          if (memory instanceof Promise) return;
          memory.piece();
          expect(budget.usage().allocatedBytes).toBeLessThanOrEqual(8 * MIB);
          if (end === 'hold') held.push(memory);
          else memory[end === 'release' ? 'release' : 'recycle']();
          if (held.length > 3) held.shift()?.recycle();
        }
      }),
    );
  });
});
