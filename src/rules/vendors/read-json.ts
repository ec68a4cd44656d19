import type { ImportNotes } from './import-notes.ts';
import type { VendorNode } from './vendor-node.ts';
import { MAX_DEPTH } from './vendor-node.ts';

/**
 * Reads a JSON document.
 * @throws FatalError `usage`, one line that repeats nothing of the text: it may hold secrets.
 */
export function readJson(text: string, notes: ImportNotes): VendorNode {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const where = error instanceof Error ? /position (\d+)/.exec(error.message) : null;
    const position = where?.[1] === undefined ? undefined : Number(where[1]);
    const line = position === undefined ? '' : ` (line ${lineAt(text, position)})`;
    throw notes.problem('', `is not valid JSON${line}`);
  }
  return nodeOf(value, notes, 0);
}

/** The number, from 1, of the line at an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function nodeOf(value: unknown, notes: ImportNotes, depth: number): VendorNode {
  if (depth > MAX_DEPTH) throw notes.problem('', 'is nested too deeply to be read');
  if (Array.isArray(value)) {
    return { kind: 'list', items: value.map((item) => nodeOf(item, notes, depth + 1)) };
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([name, inner]) => [name, [nodeOf(inner, notes, depth + 1)]] as const,
    );
    return { kind: 'map', entries: new Map(entries) };
  }
  const isScalar = typeof value === 'string' || typeof value === 'number';
  return { kind: 'scalar', value: isScalar || typeof value === 'boolean' ? value : null };
}
