import { isAlias, isCollection, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';

import type { Place, Tree, TreeEntry } from './yaml-tree.ts';
import { childPath } from './yaml-tree.ts';
import { yamlErrorWords } from './yaml-error-words.ts';
import type { Problem } from './problem.ts';

/** Rules are written by people: 1,000 rules with every field set take less than this. */
const MAX_CHARACTERS = 8 * 1024 * 1024;
/** No field lies deeper than ten levels; what does is a mistake, or an alias of itself. */
const MAX_DEPTH = 64;
/** Aliases multiply: without an end to it a few lines could ask for billions of values. */
const MAX_NODES = 500_000;

/** What a text holds: a tree, or the problems that keep it from being one. */
export interface YamlRead {
  /** Absent where the text has no usable structure. */
  readonly tree: Tree | undefined;
  readonly problems: readonly Problem[];
}

/** Reads one YAML document. Never throws: whatever is wrong comes back as problems. */
export function readYaml(text: string): YamlRead {
  const unreadable = notYaml(text);
  if (unreadable !== undefined) return failed(unreadable, text);
  try {
    return readDocument(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch (error) {
    // Thousands of open brackets exhaust the stack of any recursive parser.
    if (error instanceof RangeError) return failed('the file is nested too deeply to be read', '');
    return failed('the file cannot be read as YAML', '');
  }
}

function notYaml(text: string): string | undefined {
  if (text.length > MAX_CHARACTERS) {
    return `the file has ${text.length} characters, a rules file at most ${MAX_CHARACTERS}; is this a rules file?`;
  }
  if (text.trim() === '') return 'the file is empty; a rules file starts with `version: 1`';
  // eslint-disable-next-line no-control-regex -- finding control characters is the purpose
  const control = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFD]/.exec(text);
  if (control !== null) return 'the file holds bytes that are not text; is this a rules file?';
  return undefined;
}

function failed(message: string, text: string): YamlRead {
  // eslint-disable-next-line no-control-regex -- as above: point to the first such character
  const at = Math.max(0, text.search(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFD]/));
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - (before.lastIndexOf('\n') + 1) + 1;
  return { tree: undefined, problems: [{ severity: 'error', line, column, path: '', message }] };
}

function readDocument(text: string): YamlRead {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false, // the walk finds them itself and can name their path
    keepSourceTokens: false,
  });
  const problems = [...document.errors, ...document.warnings].map((error): Problem => {
    const { line, col } = lines.linePos(error.pos[0]);
    return {
      severity: 'error',
      line: Math.max(1, line),
      column: Math.max(1, col),
      path: '',
      message: yamlErrorWords(error),
    };
  });
  if (problems.length > 0) return { tree: undefined, problems };
  const walk = new Walk(lines);
  const tree = walk.tree(document.contents, { line: 1, column: 1, path: '' }, 0);
  return { tree: walk.gaveUp ? undefined : tree, problems: walk.problems };
}

/** Turns yaml's nodes into a {@link Tree}: resolves aliases, refuses what has no meaning here. */
class Walk {
  readonly problems: Problem[] = [];
  /** The walk came to an end of depth or size; one problem says so, and the tree is incomplete. */
  gaveUp = false;
  readonly #lines: LineCounter;
  /** The newest node of each anchor; kept here because yaml searches the document each time. */
  readonly #anchors = new Map<string, unknown>();
  #nodes = 0;
  #expanding = 0;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  tree(node: unknown, parent: Place, depth: number): Tree {
    const at = this.#place(node, parent);
    this.#nodes += 1;
    if (this.gaveUp) return { kind: 'scalar', at, value: null };
    if (depth > MAX_DEPTH) return this.#giveUp(at, 'the file is nested too deeply to be read');
    if (this.#nodes > MAX_NODES) return this.#giveUp(at, 'aliases expand to far too many values');
    if (isAlias(node)) return this.#expanded(node.source, at, depth);
    if (
      (isScalar(node) || isCollection(node)) &&
      node.anchor !== undefined &&
      this.#expanding === 0
    ) {
      this.#anchors.set(node.anchor, node);
    }
    if (isMap(node)) return { kind: 'map', at, entries: this.#entries(node.items, at, depth) };
    if (isSeq(node)) {
      const list = node.items.map((item, index) =>
        this.tree(item, { ...at, path: childPath(at.path, index) }, depth + 1),
      );
      return { kind: 'list', at, items: list };
    }
    return { kind: 'scalar', at, value: scalarValue(node) };
  }

  #expanded(anchor: string, at: Place, depth: number): Tree {
    if (!this.#anchors.has(anchor)) {
      const message =
        'invalid YAML: an alias (`*name`) without its anchor (`&name`) above; put quotes around a text that begins with `*`';
      this.#problem(at, message);
      return { kind: 'scalar', at, value: null };
    }
    this.#expanding += 1;
    const tree = this.tree(this.#anchors.get(anchor), at, depth + 1);
    this.#expanding -= 1;
    return tree;
  }

  #entries(
    pairs: readonly { key: unknown; value: unknown }[],
    at: Place,
    depth: number,
  ): ReadonlyMap<string, TreeEntry> {
    const entries = new Map<string, TreeEntry>();
    for (const { key, value } of pairs) {
      const name = keyText(key);
      const keyAt = this.#place(key, { ...at, path: childPath(at.path, name ?? '?') });
      const first = entries.get(name ?? '');
      if (name === undefined) this.#problem(keyAt, 'a field name must be plain text');
      else if (name === '__proto__') this.#problem(keyAt, 'unknown field `__proto__`');
      else if (name === '<<') this.#problem(keyAt, 'merge keys are not read; use `defaults:`');
      else if (first !== undefined) {
        this.#problem(keyAt, `duplicate field, first on line ${first.keyAt.line}; keep one`);
      } else entries.set(name, { keyAt, node: this.tree(value, keyAt, depth + 1) });
      if (this.gaveUp) break;
    }
    return entries;
  }

  #place(node: unknown, fallback: Place): Place {
    const offset = startOf(node);
    if (offset === undefined) return fallback;
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), path: fallback.path };
  }

  #problem(at: Place, message: string): void {
    this.problems.push({ severity: 'error', ...at, message });
  }

  #giveUp(at: Place, message: string): Tree {
    this.gaveUp = true;
    this.#problem(at, message);
    return { kind: 'scalar', at, value: null };
  }
}

function startOf(node: unknown): number | undefined {
  if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return undefined;
  return node.range?.[0];
}

/** A field's name; numbers and words such as `no` are taken as they were written. */
function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  if (typeof key.value === 'string') return key.value;
  return key.source ?? undefined;
}

function scalarValue(node: unknown): string | number | boolean | null {
  if (!isScalar(node)) return null;
  const { value } = node;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  return null;
}
