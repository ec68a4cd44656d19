import { expect, it } from 'vitest';

import { SpelledLooks } from '../../src/bucket/spelled-looks.ts';

/** Looks that say which way they went, and a clock that goes on by so much with each one. */
function stage(msALook: (look: number) => number) {
  let nowMs = 0;
  let looks = 0;
  const ways: string[] = [];
  const looked = new SpelledLooks({ now: () => nowMs });
  const see = (way: string, item: number): number => {
    nowMs += msALook(looks);
    looks += 1;
    ways.push(way);
    return -item;
  };
  const look = {
    now: (item: number) => see('now', item),
    later: (item: number) => Promise.resolve(see('later', item)),
  };
  return { ways, each: (items: readonly number[]) => looked.each(items, look) };
}

const items = Array.from({ length: 2000 }, (_, index) => index);
const expected = items.map((item) => -item);

it('looks in this thread as long as that is quick', async () => {
  const { ways, each } = stage(() => 0.01);
  expect(await each(items)).toEqual(expected);
  expect(new Set(ways)).toEqual(new Set(['now']));
});

it('gives everything in order, and each thing one look, however slow looking is', async () => {
  const { ways, each } = stage(() => 1);
  expect(await each(items)).toEqual(expected);
  expect(ways).toHaveLength(items.length);
});

it('goes through threads after two slow spells, and then tries this thread again', async () => {
  const { ways, each } = stage(() => 1);
  await each(items);
  expect(ways.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'now'));
  expect(ways.slice(10, 522)).toEqual(Array.from({ length: 512 }, () => 'later'));
  expect(ways[522]).toBe('now');
});

it('is not put off by one delay', async () => {
  const { ways, each } = stage((look) => (look === 7 ? 1000 : 0.01));
  expect(await each(items)).toEqual(expected);
  expect(new Set(ways)).toEqual(new Set(['now']));
});

it('lets others have their turn between spells', async () => {
  const { ways, each } = stage(() => 0.0625);
  let seenByOthers = 0;
  setImmediate(() => {
    seenByOthers = ways.length;
  });
  await each(items);
  expect(seenByOthers).toBe(80);
});

it('hands on what a look throws', async () => {
  const looks = new SpelledLooks({ now: () => 0 });
  const fails = () => {
    throw new Error('no');
  };
  await expect(looks.each([1], { now: fails, later: fails })).rejects.toThrow('no');
});
