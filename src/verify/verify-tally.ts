import type { VerifyLevel, VerifyTotals } from '../model/event.ts';
import { SetDigest } from './set-digest.ts';
import type { Verdict } from './verdict.ts';

/** Counts what became of keys, and digests those that are equal. */
export class VerifyTally {
  readonly #counts = { equal: 0, missing: 0, extra: 0, different: 0, unverifiable: 0 };
  readonly #digest = new SetDigest();
  /** Unverifiable ones that this program is to blame for. */
  bugs = 0;

  /** Keys that were looked at. */
  get listed(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }

  get counts(): Readonly<Record<Verdict['outcome'], number>> {
    return this.#counts;
  }

  add(key: string, verdict: Verdict): void {
    this.#counts[verdict.outcome] += 1;
    if (verdict.outcome === 'equal') this.#digest.add(key, verdict.bytes, verdict.sha256);
    if (verdict.outcome === 'unverifiable' && verdict.code === 'INTERNAL') this.bugs += 1;
  }

  totals(level: VerifyLevel, sample: number): VerifyTotals {
    return { level, sample, ...this.#counts, digest: this.#digest.text(level) };
  }
}
