import { DamagedRow } from './sealed-table.ts';

/** A JSON list as a row of the state holds it, read by places. */
export class StoredList {
  readonly #fields: readonly unknown[];

  /** @throws DamagedRow where the text is not a list. */
  constructor(sealed: string) {
    const parsed: unknown = JSON.parse(sealed);
    if (!Array.isArray(parsed)) throw new DamagedRow('what is stored is not a list');
    this.#fields = parsed;
  }

  get length(): number {
    return this.#fields.length;
  }

  /** @throws DamagedRow, as the others do, where something else stands there. */
  text(at: number): string {
    const value = this.#fields[at];
    if (typeof value !== 'string') throw new DamagedRow(`a stored text is ${typeof value}`);
    return value;
  }

  number(at: number): number {
    const value = this.#fields[at];
    if (typeof value !== 'number') throw new DamagedRow(`a stored number is ${typeof value}`);
    return value;
  }

  textOrNull(at: number): string | null {
    return this.#fields[at] === null ? null : this.text(at);
  }
}
