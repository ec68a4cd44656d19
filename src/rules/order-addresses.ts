import type { Selection } from '../model/rule.ts';

/** The addresses of a rule, as far as their order is concerned. */
export interface AddressChoice {
  readonly select: Selection;
  readonly masters: readonly { readonly weight: number }[];
  /** How many. */
  readonly slaves: number;
}

/** An address by its place in the rule's `masters` or `slaves`. */
export interface AddressPlace {
  readonly role: 'master' | 'slave';
  readonly index: number;
}

/** Whether all objects have the same order. */
export function hasOneOrder({ select, masters }: AddressChoice): boolean {
  return select === 'ordered' || masters.length <= 1;
}

/** Masters that are preferred to any slave: the chosen one, and another when that one failed. */
const MASTERS_FIRST = 2;

/**
 * All addresses of a rule in the order in which they are asked for one object: the master that
 * `select` chooses, another master, a slave, then what is left, masters before slaves. Slaves keep
 * the order of the rule.
 *
 * @param turn counts the rule's objects; `roundRobin` goes by it
 * @param random in [0, 1); `weighted` and `random` draw from it
 */
export function orderAddresses(
  choice: AddressChoice,
  turn: number,
  random: () => number,
): readonly AddressPlace[] {
  const masters = orderMasters(choice, turn, random).map((index): AddressPlace => ({
    role: 'master',
    index,
  }));
  const slaves = Array.from({ length: choice.slaves }, (_, index): AddressPlace => ({
    role: 'slave',
    index,
  }));
  return [
    ...masters.slice(0, MASTERS_FIRST),
    ...slaves.slice(0, 1),
    ...masters.slice(MASTERS_FIRST),
    ...slaves.slice(1),
  ];
}

function orderMasters(
  { select, masters }: AddressChoice,
  turn: number,
  random: () => number,
): readonly number[] {
  const indexes = masters.map((_, index) => index);
  switch (select) {
    case 'ordered':
      return indexes;
    case 'roundRobin': {
      const first = turn % Math.max(1, masters.length);
      return [...indexes.slice(first), ...indexes.slice(0, first)];
    }
    case 'weighted':
      return draw(
        masters.map(({ weight }) => weight),
        random,
      );
    case 'random':
      return draw(
        masters.map(() => 1),
        random,
      );
  }
}

/** Draws all places one after another, each with a chance in proportion to its weight. */
function draw(weights: readonly number[], random: () => number): readonly number[] {
  const left = weights.map((weight, index) => ({ weight, index }));
  const drawn: number[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    let point = random() * total;
    const found = left.findIndex(({ weight }) => {
      point -= weight;
      return point < 0;
    });
    // None is found where all weights left are zero, or where rounding ate the last bit.
    const [taken] = left.splice(found === -1 ? 0 : found, 1);
    if (taken !== undefined) drawn.push(taken.index);
  }
  return drawn;
}
