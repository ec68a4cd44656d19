import { describe, expect, it } from 'vitest';

import { type EndTurn, PartTurns } from '../../src/bucket/part-turns.ts';
import { fakeClock } from '../support/fake-clock.ts';

const MIB = 2 ** 20;

/** Asks for a turn for so many parts, and tells which of them have theirs. */
function asking(turns: PartTurns, parts: number, bytes = 16 * MIB) {
  const had: (EndTurn | undefined)[] = Array.from({ length: parts }, () => undefined);
  for (let part = 0; part < parts; part += 1) {
    const turn = turns.begin(bytes);
    Promise.resolve(turn)
      .then((end) => (had[part] = end))
      .catch(() => undefined);
  }
  return {
    had: () => had.flatMap((end, part) => (end === undefined ? [] : [part])),
    end: (part: number) => had[part]?.(),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the turns of parts', () => {
  it('are had at once by as many as can be hashed soon, by the others in turn', async () => {
    const parts = asking(new PartTurns(fakeClock()), 7);
    await settled();
    expect(parts.had()).toEqual([0, 1, 2, 3]);
    parts.end(2);
    parts.end(2);
    await settled();
    expect(parts.had()).toEqual([0, 1, 2, 3, 4]);
    parts.end(0);
    parts.end(1);
    await settled();
    expect(parts.had()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('are had one by one where nothing was hashed for a while', async () => {
    const clock = fakeClock();
    const parts = asking(new PartTurns(clock), 7);
    await clock.advance(250);
    expect(parts.had()).toHaveLength(5);
    const advancing = clock.advance(200);
    await advancing;
    parts.end(0);
    await settled();
    // What was let in beside the others counts as well.
    expect(parts.had()).toHaveLength(5);
    await clock.advance(50);
    expect(parts.had()).toHaveLength(5);
    await clock.advance(500);
    expect(parts.had()).toHaveLength(7);
    await clock.advance(250);
    expect(clock.sleepers()).toBe(0);
  });

  it('come for one that is larger than all that may wait', async () => {
    const parts = asking(new PartTurns(fakeClock()), 2, 1024 * MIB);
    await settled();
    expect(parts.had()).toEqual([0]);
    parts.end(0);
    await settled();
    expect(parts.had()).toEqual([0, 1]);
  });
});
