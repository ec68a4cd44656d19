import type { ScanCounts, ScanTotals } from '../../model/event.ts';
import { PASSED_REASONS, type PassedReason } from '../../model/walk.ts';

/** Prefixes that are counted each; a top of a million folders must not fill memory or summary. */
const MOST_PREFIXES = 256;

interface Counts {
  pages: number;
  links: number;
  keys: number;
  places: number;
  passed: Partial<Record<PassedReason, number>>;
  listingErrors: number;
}

function nothing(): Counts {
  return { pages: 0, links: 0, keys: 0, places: 0, passed: {}, listingErrors: 0 };
}

/** What a piece of a page added. */
export interface PieceCounts {
  readonly links: number;
  readonly keys: number;
  readonly places: number;
  readonly passed: readonly PassedReason[];
}

/** Counts what a scan finds, whole and by top-level prefix; can be written down and taken up. */
export class ScanTally {
  #total = nothing();
  readonly #prefixes = new Map<string, Counts>();
  #others: Counts | undefined;

  /** @param text what {@link saved} gave; '' for nothing. */
  static of(text: string): ScanTally {
    const tally = new ScanTally();
    if (text === '') return tally;
    const saved: unknown = JSON.parse(text);
    const fields = entriesOf(saved);
    tally.#total = countsOf(saved);
    for (const [prefix, counts] of entriesOf(fields.get('prefixes'))) {
      tally.#prefixes.set(prefix, countsOf(counts));
    }
    const others = fields.get('otherPrefixes');
    if (others !== undefined) tally.#others = countsOf(others);
    return tally;
  }

  get total(): ScanCounts {
    return this.#total;
  }

  piece(prefix: string, piece: PieceCounts): void {
    for (const counts of this.#both(prefix)) {
      counts.links += piece.links;
      counts.keys += piece.keys;
      counts.places += piece.places;
      for (const reason of piece.passed) {
        counts.passed[reason] = (counts.passed[reason] ?? 0) + 1;
      }
    }
  }

  page(prefix: string, isListed: boolean): void {
    for (const counts of this.#both(prefix)) {
      counts.pages += 1;
      if (!isListed) counts.listingErrors += 1;
    }
  }

  /** @throws Error where a link has ended nowhere: a bug that must never go unnoticed. */
  totals(): ScanTotals {
    const prefixes = Object.fromEntries(this.#prefixes);
    const others = this.#others;
    const all = [...this.#prefixes.values(), ...(others === undefined ? [] : [others])];
    for (const counts of [this.#total, ...all]) assertWhole(counts);
    const below = all.reduce((sum, { links }) => sum + links, 0);
    if (below !== this.#total.links) {
      throw new Error(`${this.#total.links} links in all, but ${below} by prefix`);
    }
    return {
      ...this.#total,
      prefixes,
      ...(others === undefined ? {} : { otherPrefixes: others }),
    };
  }

  saved(): string {
    return JSON.stringify(this.totals());
  }

  #both(prefix: string): readonly Counts[] {
    return [this.#total, this.#ofPrefix(prefix.slice(0, prefix.indexOf('/') + 1))];
  }

  #ofPrefix(top: string): Counts {
    const known = this.#prefixes.get(top);
    if (known !== undefined) return known;
    if (this.#prefixes.size >= MOST_PREFIXES) return (this.#others ??= nothing());
    const counts = nothing();
    this.#prefixes.set(top, counts);
    return counts;
  }
}

function assertWhole({ links, keys, places, passed }: ScanCounts): void {
  const ended = Object.values(passed).reduce((sum, count) => sum + count, keys + places);
  if (ended !== links) throw new Error(`${links} links were listed, but ${ended} accounted for`);
}

function entriesOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(typeof value === 'object' && value !== null ? value : {}));
}

function countsOf(value: unknown): Counts {
  const fields = entriesOf(value);
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  const passed = entriesOf(fields.get('passed'));
  return {
    pages: number('pages'),
    links: number('links'),
    keys: number('keys'),
    places: number('places'),
    passed: Object.fromEntries(
      PASSED_REASONS.filter((reason) => passed.has(reason)).map((reason) => [
        reason,
        Number(passed.get(reason)),
      ]),
    ),
    listingErrors: number('listingErrors'),
  };
}
