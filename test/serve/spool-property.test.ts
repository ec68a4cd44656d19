import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Spool } from '../../src/serve/spool/spool.ts';
import { SpoolFull } from '../../src/serve/spool/spool-full.ts';
import {
  bodyOf,
  NOTHING_USED,
  type SpaceUnderTest,
  spaceUnderTest,
  turn,
} from './spool-under-test.ts';

/** One who reads a range of the body. */
interface ReaderPlan {
  /** Comes after so many writes; after the end where there are fewer. */
  readonly comesAt: number;
  readonly from: number;
  readonly length: number | undefined;
  /** Turns of the event loop that each chunk takes. */
  readonly pace: number;
  /** Leaves after so many bytes. */
  readonly leavesAt: number | undefined;
}

interface BodyPlan {
  readonly chunks: readonly number[];
  readonly readers: readonly ReaderPlan[];
  /** After how many writes it is void, in the middle of the next one where it waits. */
  readonly failsAt: number | undefined;
}

const reader: fc.Arbitrary<ReaderPlan> = fc.record({
  comesAt: fc.nat(14),
  from: fc.oneof(fc.constant(0), fc.nat(400)),
  length: fc.option(fc.nat(400), { nil: undefined }),
  pace: fc.constantFrom(0, 0, 1, 3),
  leavesAt: fc.option(fc.nat(300), { nil: undefined, freq: 5 }),
});

const body: fc.Arbitrary<BodyPlan> = fc.record({
  chunks: fc.array(fc.oneof(fc.nat(3), fc.nat(100)), { maxLength: 12 }),
  readers: fc.array(reader, { maxLength: 6 }),
  failsAt: fc.option(fc.nat(14), { nil: undefined, freq: 3 }),
});

const plan = fc.record({
  memoryBytes: fc.integer({ min: 1, max: 150 }),
  diskBytes: fc.integer({ min: 0, max: 1500 }),
  bodies: fc.array(body, { minLength: 1, maxLength: 3 }),
});

class Left extends Error {}
class Void extends Error {}

/** One body on its way: what it is to be, and what became of it. */
interface Filling {
  readonly spool: Spool;
  readonly whole: Buffer;
  passed: boolean;
  isVoid: boolean;
}

function makeVoid(filling: Filling): void {
  filling.isVoid = true;
  filling.spool.fail(new Void());
}

async function fill(filling: Filling, { chunks, failsAt }: BodyPlan, next: (at: number) => void) {
  const { spool, whole } = filling;
  let done = 0;
  try {
    for (const [at, length] of chunks.entries()) {
      next(at);
      // It may be used again as soon as the write is over.
      const chunk = Buffer.from(whole.subarray(done, done + length));
      const writing = spool.write(chunk);
      if (failsAt === at) makeVoid(filling);
      await writing;
      chunk.fill(0);
      done += length;
      if (length % 3 === 0) await turn();
    }
    if (failsAt !== undefined) makeVoid(filling);
    else {
      filling.passed = true;
      spool.pass();
    }
  } catch (error) {
    expect(error instanceof Void || error instanceof SpoolFull).toBe(true);
    expect(error instanceof Void).toBe(failsAt !== undefined && !(error instanceof SpoolFull));
  }
  next(Infinity);
}

async function read(filling: Filling, { from, length, pace, leavesAt }: ReaderPlan): Promise<void> {
  const { spool, whole } = filling;
  const stop = new AbortController();
  const to = length === undefined ? undefined : from + length;
  const chunks: Uint8Array[] = [];
  let at = from;
  const sink = (chunk: Uint8Array): void | Promise<void> => {
    chunks.push(chunk);
    expect(chunk.length).toBeGreaterThan(0);
    expect(filling.isVoid).toBe(false);
    at += chunk.length;
    if (!filling.passed) expect(at).toBeLessThan(spool.receivedBytes);
    if (leavesAt !== undefined && at - from > leavesAt) stop.abort(new Left());
    return pace === 0 ? undefined : turn(pace);
  };
  try {
    const sent = await spool.pipeTo(sink, { from, to }, stop.signal);
    expect(sent).toBe(at - from);
    if (to === undefined || to > whole.length) expect(filling.passed).toBe(true);
    expect(Buffer.concat(chunks)).toEqual(whole.subarray(from, to));
  } catch (error) {
    if (error instanceof Left) expect(stop.signal.aborted).toBe(true);
    else if (error instanceof Void || error instanceof SpoolFull)
      expect(filling.passed).toBe(false);
    else throw error;
    expect(Buffer.concat(chunks)).toEqual(whole.subarray(from, at));
  }
}

async function run(under: SpaceUnderTest, bodyPlan: BodyPlan): Promise<void> {
  const spool = under.space.open();
  const releases = [spool.hold()];
  const whole = bodyOf(bodyPlan.chunks.reduce((sum, length) => sum + length, 0));
  const filling: Filling = { spool, whole, passed: false, isVoid: false };
  const waiting = new Set(bodyPlan.readers);
  const reads: Promise<void>[] = [];
  await fill(filling, bodyPlan, (at) => {
    for (const each of waiting) {
      if (each.comesAt > at) continue;
      waiting.delete(each);
      const release = spool.hold();
      reads.push(read(filling, each).finally(release));
    }
  });
  for (const release of releases) release();
  await Promise.all(reads);
}

it('every reader of a body gets exactly its bytes or an error, whatever happens when, and nothing stays', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async ({ bodies, ...settings }) => {
      const under = await spaceUnderTest(settings);
      try {
        await Promise.all(bodies.map((bodyPlan) => run(under, bodyPlan)));
        await under.space.close();
        expect(under.space.usage()).toEqual(NOTHING_USED);
        expect(await under.openFiles()).toBe(0);
      } finally {
        await under.remove();
      }
    }),
    { numRuns: 60 },
  );
});
