import type { FatalError } from '../../model/failure.ts';
import type { ImportNotes } from './import-notes.ts';
import { shown } from './import-notes.ts';
import type { VendorNode } from './vendor-node.ts';

const NO_FIELDS: ReadonlyMap<string, readonly VendorNode[]> = new Map();

/**
 * A place in a vendor's document. It knows which of its fields were asked for, so that
 * {@link finish} can warn of the others. Wrong types end the import; values are not repeated in
 * messages, for what stands in the wrong place may be a secret.
 */
export class VendorSource {
  readonly path: string;
  readonly notes: ImportNotes;
  readonly #node: VendorNode;
  readonly #read = new Map<string, readonly VendorSource[]>();
  #isFinished = false;
  readonly #lists = new Map<string, readonly VendorSource[]>();

  constructor(node: VendorNode, path: string, notes: ImportNotes) {
    this.#node = node;
    this.path = path;
    this.notes = notes;
  }

  /** The error that ends the import because of this place. */
  problem(message: string): FatalError {
    return this.notes.problem(this.path, message);
  }

  warn(message: string): void {
    this.notes.warn(this.path, message);
  }

  /** Names of the fields that stand here. */
  names(): readonly string[] {
    return [...this.#fields().keys()];
  }

  /**
   * The field of that name, or of another spelling of it; undefined where it is absent or null.
   * Two spellings with two values end the import.
   */
  field(...names: readonly string[]): VendorSource | undefined {
    const given = names.flatMap((name) => this.#once(name));
    const [first, ...others] = given;
    const other = others.find((more) => !more.equals(first));
    if (first !== undefined && other !== undefined) {
      throw this.problem(
        `\`${lastName(first)}\` and \`${lastName(other)}\` contradict each other; keep one`,
      );
    }
    return first;
  }

  /** As {@link field}, for one that must be there. */
  needed(...names: readonly string[]): VendorSource {
    const found = this.field(...names);
    if (found !== undefined) return found;
    throw this.problem(`\`${names[0] ?? ''}\` is missing`);
  }

  /** The items of a list, in XML the elements of that name; none where it is absent. */
  all(name: string): readonly VendorSource[] {
    const nodes = this.#fields().get(name) ?? [];
    const [only] = nodes;
    if (this.notes.format === 'xml' || only === undefined) return this.#take(name, nodes, true);
    if (isNull(only)) return this.#take(name, [], true);
    if (only.kind !== 'list') throw this.problem(`\`${name}\`: expected a list, got ${kind(only)}`);
    return this.#take(name, only.items, true);
  }

  /** The text of the field; undefined where it is absent. */
  optionalText(...names: readonly string[]): string | undefined {
    return this.field(...names)?.text();
  }

  /** As {@link optionalText}, where an empty text says as much as none. */
  filled(...names: readonly string[]): string | undefined {
    const text = this.optionalText(...names);
    return text === '' ? undefined : text;
  }

  /** The field as true or false, however it is spelt; undefined where absent or empty. */
  optionalFlag(...names: readonly string[]): boolean | undefined {
    return this.field(...names)?.flag();
  }

  /** This scalar as text. */
  text(): string {
    if (this.#node.kind === 'scalar') {
      const { value } = this.#node;
      if (typeof value === 'string') return value;
      if (typeof value === 'number') return String(value);
    }
    throw this.problem(`expected text, got ${kind(this.#node)}`);
  }

  /** This scalar as true or false: a boolean, or the word in any case; undefined where empty. */
  flag(): boolean | undefined {
    const value = this.#node.kind === 'scalar' ? this.#node.value : undefined;
    if (typeof value === 'boolean') return value;
    const word = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
    if (word === '') return undefined;
    if (word === 'true' || word === 'false') return word === 'true';
    throw this.problem('expected true or false');
  }

  /** This scalar as a whole number, given as a number or as its digits. */
  whole(): number {
    const value = this.#node.kind === 'scalar' ? this.#node.value : undefined;
    const digits = typeof value === 'string' ? value.trim() : String(value);
    const isScalar = typeof value === 'string' || typeof value === 'number';
    if (isScalar && /^\d{1,9}$/.test(digits)) return Number(digits);
    throw this.problem('expected a whole number');
  }

  /** Takes note of a field that has no counterpart: warns where it says anything. */
  drop(name: string, why: string): void {
    const nodes = this.#fields().get(name);
    if (nodes === undefined) return;
    this.#read.set(name, []);
    if (nodes.every(saysNothing)) return;
    this.notes.warn(below(this.path, name), `dropped: ${why}`);
  }

  /** Warns, once, of every field here and below that nobody asked for and that says anything. */
  finish(): void {
    if (this.#node.kind !== 'map' || this.#isFinished) return;
    this.#isFinished = true;
    for (const [name, nodes] of this.#node.entries) {
      const read = this.#lists.get(name) ?? this.#read.get(name);
      for (const source of read ?? []) source.finish();
      if (read !== undefined || nodes.every(saysNothing)) continue;
      this.notes.warn(below(this.path, name), 'dropped: not known to this program');
    }
  }

  /** Whether the other place holds the same scalar. */
  equals(other: VendorSource | undefined): boolean {
    if (other === undefined || this.#node.kind !== 'scalar' || other.#node.kind !== 'scalar') {
      return false;
    }
    const [mine, theirs] = [this.#node.value, other.#node.value];
    return String(mine).toLowerCase() === String(theirs).toLowerCase();
  }

  #once(name: string): readonly VendorSource[] {
    const nodes = (this.#fields().get(name) ?? []).filter((node) => !isNull(node));
    if (nodes.length > 1) throw this.problem(`\`${name}\` stands ${nodes.length} times; keep one`);
    return this.#take(name, nodes, false);
  }

  #take(name: string, nodes: readonly VendorNode[], isList: boolean): readonly VendorSource[] {
    const taken = isList ? this.#lists : this.#read;
    const known = taken.get(name);
    if (known !== undefined) return known;
    const isNumbered = isList && (this.notes.format === 'json' || nodes.length > 1);
    const sources = nodes.map((node, index) => {
      const number = isNumbered ? `[${index}]` : '';
      return new VendorSource(node, `${below(this.path, name)}${number}`, this.notes);
    });
    taken.set(name, sources);
    return sources;
  }

  #fields(): ReadonlyMap<string, readonly VendorNode[]> {
    if (this.#node.kind === 'map') return this.#node.entries;
    if (this.notes.format === 'xml' && saysNothing(this.#node)) return NO_FIELDS;
    const expected = this.notes.format === 'xml' ? 'elements' : 'an object';
    throw this.problem(`expected ${expected}, got ${kind(this.#node)}`);
  }
}

function below(path: string, name: string): string {
  return path === '' ? shown(name) : `${path}.${shown(name)}`;
}

function lastName({ path }: VendorSource): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function isNull(node: VendorNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** Absent by another name: vendors write out what is off. */
function saysNothing(node: VendorNode): boolean {
  switch (node.kind) {
    case 'scalar': {
      const { value } = node;
      const off = typeof value === 'string' ? /^\s*(false)?\s*$/i.test(value) : value === false;
      return off || value === null;
    }
    case 'list':
      return node.items.length === 0;
    case 'map':
      return [...node.entries.values()].every((nodes) => nodes.every(saysNothing));
  }
}

function kind(node: VendorNode): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'fields';
  if (node.value === null) return 'null';
  if (typeof node.value === 'string') return 'text';
  return typeof node.value === 'number' ? 'a number' : 'true or false';
}
