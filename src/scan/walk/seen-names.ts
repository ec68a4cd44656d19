/**
 * So many names of a page are remembered: icons and names that link the same stand side by side.
 * A name that comes again much later is given twice, which costs a look and loses nothing.
 */
const MOST_NAMES = 65_536;

/** The names of a page, to find those that it has twice. */
export class SeenNames {
  /** Names that came in ascending order: a later one than the last is none of them. */
  #ascending: string[] = [];
  #last = '';
  /** All of them, from the first on that came out of order. */
  #all: Set<string> | undefined;

  /** @param name not '' */
  isRepeated(name: string): boolean {
    if (this.#all === undefined && name > this.#last) {
      if (this.#ascending.length >= MOST_NAMES) this.#ascending = [];
      this.#ascending.push(name);
      this.#last = name;
      return false;
    }
    this.#all ??= new Set(this.#ascending);
    this.#ascending = [];
    if (this.#all.has(name)) return true;
    if (this.#all.size >= MOST_NAMES) this.#all = new Set();
    this.#all.add(name);
    return false;
  }
}
