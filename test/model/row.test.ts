import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { NOWHERE, type Placed, Row } from '../../src/model/row.ts';

describe('a row of those who come and go', () => {
  const someone = (): Placed => ({ place: NOWHERE });

  it('has whoever came and has not left, as a set has', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(7)), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (taken) => {
        const all = Array.from({ length: 8 }, someone);
        const [row, set] = [new Row<Placed>(), new Set<Placed>()];
        for (const [comes, index] of taken) {
          const one = all[index] ?? someone();
          if (comes) {
            row.add(one);
            set.add(one);
          } else expect(row.delete(one)).toBe(set.delete(one));
          expect(row.size).toBe(set.size);
          expect(new Set(row.values())).toEqual(set);
          for (const each of all) expect(each.place === NOWHERE).toBe(!set.has(each));
        }
      }),
    );
  });

  it('takes nobody for another who stands where that one stood in another row', () => {
    const [here, there] = [new Row<Placed>(), new Row<Placed>()];
    const [one, other] = [someone(), someone()];
    here.add(one);
    there.add(other);
    expect(here.delete(other)).toBe(false);
    expect([here.values(), there.values()]).toEqual([[one], [other]]);
  });

  it('gives those who are here now, whatever comes of them while they are gone through', () => {
    const row = new Row<Placed>();
    const all = [someone(), someone(), someone()];
    for (const one of all) row.add(one);
    const met: Placed[] = [];
    for (const one of row.values()) {
      row.delete(one);
      met.push(one);
    }
    expect(met).toEqual(all);
    expect(row.size).toBe(0);
  });
});
