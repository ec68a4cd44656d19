import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Selection } from '../../src/model/rule.ts';
import { hasOneOrder, orderAddresses } from '../../src/rules/order-addresses.ts';

const masters = (...weights: number[]) => weights.map((weight) => ({ weight }));

/** `M0 M1 S0 …`; chance is `random`. */
function order(
  select: Selection,
  weights: readonly number[],
  slaves: number,
  turn = 0,
  random: () => number = () => 0,
): string {
  return orderAddresses({ select, masters: masters(...weights), slaves }, turn, random)
    .map(({ role, index }) => `${role === 'master' ? 'M' : 'S'}${index}`)
    .join(' ');
}

/** Numbers in [0, 1) that are spread evenly, the same in every run. */
function evenly(): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    return (drawn * 0.618_033_988_749_895) % 1;
  };
}

describe('the order in which addresses are asked', () => {
  it('is one for all objects where the rule has one, or one master', () => {
    const fixed = (select: Selection, ...weights: number[]) =>
      hasOneOrder({ select, masters: masters(...weights), slaves: 2 });
    expect(fixed('ordered', 1, 2, 3)).toBe(true);
    expect((['roundRobin', 'weighted', 'random'] as const).map((one) => fixed(one, 5))).toEqual([
      true,
      true,
      true,
    ]);
    expect((['roundRobin', 'weighted', 'random'] as const).map((one) => fixed(one, 1, 1))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it.each([
    [[1], 0, 'M0'],
    [[1], 2, 'M0 S0 S1'],
    [[1, 1], 1, 'M0 M1 S0'],
    [[1, 1, 1, 1], 3, 'M0 M1 S0 M2 M3 S1 S2'],
  ])('of ordered masters %j and %d slaves is %s', (weights, slaves, expected) => {
    expect(order('ordered', weights, slaves, 7)).toBe(expected);
  });

  it('H13 polls masters in turn', () => {
    const firsts = [0, 1, 2, 3].map((turn) => order('roundRobin', [1, 1, 1], 1, turn));
    expect(firsts).toEqual(['M0 M1 S0 M2', 'M1 M2 S0 M0', 'M2 M0 S0 M1', 'M0 M1 S0 M2']);
  });

  it.each(['ordered', 'roundRobin', 'weighted', 'random'] as const)(
    'H13 asks a slave only after masters (%s)',
    (select) => {
      for (let turn = 0; turn < 10; turn += 1) {
        expect(order(select, [1, 5], 2, turn, evenly())).toMatch(/^M\d M\d S0 S1$/);
      }
    },
  );

  it('B24 asks the backup when the primary failed', () => {
    expect(order('ordered', [1], 1)).toBe('M0 S0');
  });

  it('H14 asks one other master after the first', () => {
    expect(order('ordered', [1, 1, 1], 1).split(' ').slice(0, 2)).toEqual(['M0', 'M1']);
  });

  it('H15 asks one slave next, so that the first three are master, master, slave', () => {
    expect(order('ordered', [1, 1, 1, 1], 4).split(' ').slice(0, 3)).toEqual(['M0', 'M1', 'S0']);
  });

  it('chooses masters by their weights', () => {
    const random = evenly();
    const firsts = Array.from({ length: 1000 }, (_, turn) =>
      order('weighted', [1, 3], 0, turn, random).slice(0, 2),
    );
    const heavy = firsts.filter((first) => first === 'M1').length;
    expect(heavy).toBeGreaterThan(700);
    expect(heavy).toBeLessThan(800);
  });

  it('chooses masters by chance, whatever their weights', () => {
    const random = evenly();
    const firsts = Array.from({ length: 900 }, (_, turn) =>
      order('random', [100, 1, 1], 0, turn, random).slice(0, 2),
    );
    for (const master of ['M0', 'M1', 'M2']) {
      expect(firsts.filter((first) => first === master).length).toBeGreaterThan(200);
    }
  });

  it('names every address exactly once, masters and slaves, however it is chosen', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Selection>('ordered', 'roundRobin', 'weighted', 'random'),
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 10 }),
        fc.nat({ max: 10 }),
        fc.nat(),
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 10 }),
        (select, weights, slaves, turn, chances) => {
          let drawn = 0;
          const random = () => chances[drawn++] ?? 0;
          const named = order(select, weights, slaves, turn, random);
          const all = [
            ...weights.map((_, index) => `M${index}`),
            ...Array.from({ length: slaves }, (_, index) => `S${index}`),
          ];
          expect(named.split(' ').filter(Boolean).sort()).toEqual(all.sort());
        },
      ),
    );
  });
});
