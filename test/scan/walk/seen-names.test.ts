import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeenNames } from '../../../src/scan/walk/seen-names.ts';

it('a name is repeated where it came before, in whatever order names come', () => {
  const names = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'é', '\u{1f600}', '\uffee'));
  fc.assert(
    fc.property(names, fc.boolean(), (unsorted, isSorted) => {
      const all = isSorted ? unsorted.toSorted() : unsorted;
      const seen = new SeenNames();
      const found = all.map((name) => seen.isRepeated(name));
      expect(found).toEqual(all.map((name, index) => all.indexOf(name) < index));
    }),
  );
});
