import type { GaugeCount } from '../../model/gauge-store.ts';

export const HOUR_MS = 3_600_000;

interface Cell {
  requests: number;
  neededOrigin: number;
}

/** Requests by clock hour and rule. */
export class HourCounts {
  readonly #hours = new Map<number, Map<string | null, Cell>>();

  add({ hourMs, rule, requests, neededOrigin }: GaugeCount): void {
    this.count(hourMs, rule, requests, neededOrigin);
  }

  /** As `add`. */
  count(hourMs: number, rule: string | null, requests: number, neededOrigin: number): void {
    const had = this.#hours.get(hourMs);
    const rules = had ?? new Map<string | null, Cell>();
    if (had === undefined) this.#hours.set(hourMs, rules);
    const cell = rules.get(rule);
    if (cell === undefined) {
      rules.set(rule, { requests, neededOrigin });
      return;
    }
    cell.requests += requests;
    cell.neededOrigin += neededOrigin;
  }

  /** Drops the hours that begin before. */
  dropBefore(hourMs: number): void {
    for (const hour of this.#hours.keys()) if (hour < hourMs) this.#hours.delete(hour);
  }

  list(): GaugeCount[] {
    return [...this.#hours].flatMap(([hourMs, rules]) =>
      Array.from(rules, ([rule, cell]) => ({ hourMs, rule, ...cell })),
    );
  }
}

/** The clock hour that a time is in, milliseconds since the epoch. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS) * HOUR_MS;
}
