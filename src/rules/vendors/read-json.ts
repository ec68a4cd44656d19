import type { ImportNotes } from './import-notes.ts';
import { shown } from './import-notes.ts';
import type { VendorNode } from './vendor-node.ts';
import { MAX_DEPTH } from './vendor-node.ts';

/** A number of RFC 8259, or one of the three words. */
const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * Reads a JSON document as RFC 8259 has it, with every field standing once: where `JSON.parse` would
 * take the last of two silently, the document is refused. (The `yaml` package would tell them too,
 * but it also takes what is no JSON, and compares each field with each other.)
 * @throws FatalError `usage`, one line that repeats no value of the text: it may be a secret.
 */
export function readJson(text: string, notes: ImportNotes): VendorNode {
  const reader = new JsonReader(text, notes);
  const node = reader.value('', 0);
  if (!reader.isAtEnd()) throw reader.invalid();
  return node;
}

/** The number, from 1, of the line at an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Goes through a text from value to value; `#at` is where the next token begins. */
class JsonReader {
  readonly #text: string;
  readonly #notes: ImportNotes;
  #at = 0;

  constructor(text: string, notes: ImportNotes) {
    this.#text = text;
    this.#notes = notes;
    this.#skip(SPACE);
  }

  isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** What the text holds here is no JSON. */
  invalid(): Error {
    const line = lineAt(this.#text, this.#at);
    const message = this.isAtEnd()
      ? `ends within a value (line ${line}); is it cut short?`
      : `is not valid JSON (line ${line})`;
    return this.#notes.problem('', message);
  }

  value(path: string, depth: number): VendorNode {
    if (depth > MAX_DEPTH) throw this.#notes.problem('', 'is nested too deeply to be read');
    const first = this.#text[this.#at];
    if (first === '{') return this.#map(path, depth);
    if (first === '[') return this.#list(path, depth);
    return { kind: 'scalar', value: first === '"' ? this.#string() : this.#plain() };
  }

  #map(path: string, depth: number): VendorNode {
    const entries = new Map<string, readonly VendorNode[]>();
    this.#items('}', () => {
      const start = this.#at;
      if (this.#text[start] !== '"') throw this.invalid();
      const name = this.#string();
      if (entries.has(name)) {
        const line = lineAt(this.#text, start);
        throw this.#notes.problem(path, `\`${shown(name)}\` stands twice (line ${line}); keep one`);
      }
      if (!this.#take(':')) throw this.invalid();
      const inner = path === '' ? shown(name) : `${path}.${shown(name)}`;
      entries.set(name, [this.value(inner, depth + 1)]);
    });
    return { kind: 'map', entries };
  }

  #list(path: string, depth: number): VendorNode {
    const items: VendorNode[] = [];
    this.#items(']', () => {
      items.push(this.value(`${path}[${items.length}]`, depth + 1));
    });
    return { kind: 'list', items };
  }

  /** What stands between an opening bracket, which is here, and its end, with commas between. */
  #items(end: string, item: () => void): void {
    this.#at += 1;
    this.#skip(SPACE);
    if (this.#take(end)) return;
    do item();
    while (this.#take(','));
    if (!this.#take(end)) throw this.invalid();
  }

  #take(token: string): boolean {
    if (this.#text[this.#at] !== token) return false;
    this.#at += 1;
    this.#skip(SPACE);
    return true;
  }

  #string(): string {
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== '"') {
      end += this.#text[end] === '\\' ? 2 : 1;
    }
    const value = this.#parsed(this.#text.slice(this.#at, end + 1));
    if (typeof value !== 'string') throw this.invalid();
    this.#at = end + 1;
    this.#skip(SPACE);
    return value;
  }

  #plain(): number | boolean | null {
    PLAIN.lastIndex = this.#at;
    const value = this.#parsed(PLAIN.exec(this.#text)?.[0] ?? '');
    if (typeof value !== 'number' && typeof value !== 'boolean' && value !== null) {
      throw this.invalid();
    }
    this.#at = PLAIN.lastIndex;
    this.#skip(SPACE);
    return value;
  }

  /** A token that is no JSON by itself, such as an unclosed string, is undefined. */
  #parsed(token: string): unknown {
    try {
      return JSON.parse(token);
    } catch {
      return undefined;
    }
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    pattern.exec(this.#text);
    this.#at = pattern.lastIndex;
  }
}
