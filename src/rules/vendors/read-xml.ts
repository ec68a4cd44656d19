import type { ImportNotes } from './import-notes.ts';
import { lineAt } from './read-json.ts';
import type { VendorNode } from './vendor-node.ts';
import { MAX_DEPTH } from './vendor-node.ts';

/** One piece of markup or text. Attributes are allowed and have no meaning here. */
const PIECE = new RegExp(
  [
    /<!\[CDATA\[(?<cdata>[\s\S]*?)\]\]>/,
    /<!--[\s\S]*?-->/,
    /<\?[\s\S]*?\?>/,
    /<\/(?<closed>[^\s<>/]+)\s*>/,
    /<(?<opened>[^\s<>/!?]+)(?:\s+[^\s=<>/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(?<empty>\/?)>/,
    /(?<text>[^<]+)/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'y',
);

const NAMED_ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** An element that is being read. */
interface OpenElement {
  readonly name: string;
  readonly entries: Map<string, VendorNode[]>;
  text: string;
}

export interface XmlDocument {
  /** The root's name without its namespace prefix. */
  readonly name: string;
  readonly root: VendorNode;
}

/**
 * Reads an XML document strictly: every element is closed where it must be, and there is one root.
 * Document types are refused whole, so no entity can be declared.
 * @throws FatalError `usage`, one line that repeats no text of the document.
 */
export function readXml(text: string, notes: ImportNotes): XmlDocument {
  refuseOtherEncodings(text, notes);
  const top: OpenElement = { name: '', entries: new Map(), text: '' };
  const open = [top];
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < text.length) {
    const at = PIECE.lastIndex;
    const fail = (message: string) => notes.problem('', `line ${lineAt(text, at)}: ${message}`);
    const piece = PIECE.exec(text)?.groups;
    if (piece === undefined) throw fail(unreadable(text, at));
    takePiece(piece, open, fail);
    if (open.length > MAX_DEPTH) throw notes.problem('', 'is nested too deeply to be read');
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined && unclosed !== top) {
    throw notes.problem('', `ends within <${shownName(unclosed.name)}>; is it cut short?`);
  }
  for (const [name, nodes] of top.entries) {
    for (const root of nodes) return { name, root };
  }
  throw notes.problem('', 'is not an XML document: it has no root element');
}

type Pieces = Readonly<Record<string, string | undefined>>;

function takePiece(piece: Pieces, open: OpenElement[], fail: (message: string) => Error): void {
  const inner = open.at(-1);
  if (inner === undefined) return;
  const { cdata, text, opened, closed, empty } = piece;
  if (cdata !== undefined) inner.text += cdata;
  if (text !== undefined) inner.text += decodeEntities(text, fail);
  if (opened !== undefined) {
    refuseSecondRoot(inner, fail);
    if (empty === '/') close({ name: opened, entries: new Map(), text: '' }, inner);
    else open.push({ name: opened, entries: new Map(), text: '' });
  }
  if (closed !== undefined) closeInner(closed, open, fail);
  const holdsElements = inner.name === '' || inner.entries.size > 0 || opened !== undefined;
  if (!holdsElements) return;
  if (inner.text.trim() !== '') throw fail('text stands between the elements');
  // Only white space: left to gather, it would be looked through again at every element.
  inner.text = '';
}

function refuseSecondRoot(parent: OpenElement, fail: (message: string) => Error): void {
  if (parent.name === '' && parent.entries.size > 0) throw fail('a second root element begins');
}

function closeInner(name: string, open: OpenElement[], fail: (message: string) => Error): void {
  const inner = open.at(-1);
  const parent = open.at(-2);
  if (inner === undefined || parent === undefined || inner.name !== name) {
    const isOpen = parent === undefined ? 'nothing' : `<${shownName(inner?.name ?? '')}>`;
    throw fail(`</${shownName(name)}> stands where ${isOpen} is open`);
  }
  open.pop();
  close(inner, parent);
}

function close({ name, entries, text }: OpenElement, parent: OpenElement): void {
  const node: VendorNode =
    entries.size > 0 ? { kind: 'map', entries } : { kind: 'scalar', value: scalarText(text) };
  const local = name.slice(name.indexOf(':') + 1);
  const siblings = parent.entries.get(local);
  if (siblings === undefined) parent.entries.set(local, [node]);
  else siblings.push(node);
}

/** Line breaks around a text are the layout's; spaces beside it may belong to a key. */
function scalarText(text: string): string {
  const trimmed = text.trim();
  const isLaidOut = /^\s*?\n|\n\s*$/.test(text);
  return trimmed === '' || isLaidOut ? trimmed : text;
}

function unreadable(text: string, at: number): string {
  if (/^<![A-Za-z]/.test(text.slice(at, at + 3))) {
    return 'a document type (DOCTYPE) is not read here; remove it';
  }
  return 'is not well-formed XML';
}

/** The file was read as UTF-8; one that says that it is something else would be misread. */
function refuseOtherEncodings(text: string, notes: ImportNotes): void {
  const declaration = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(text);
  const named = declaration?.[1] ?? 'utf-8';
  if (/^(utf-?8|us-ascii)$/i.test(named)) return;
  const name = shownName(named);
  throw notes.problem('', `says that its encoding is ${name}; convert it to UTF-8 first`);
}

function decodeEntities(text: string, fail: (message: string) => Error): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(?:([#\w]{1,10});)?/g, (_, entity?: string) => {
    const decoded = entity === undefined ? undefined : decodeEntity(entity);
    if (decoded !== undefined) return decoded;
    throw fail('an & begins no entity that is read here; & itself is written &amp;');
  });
}

function decodeEntity(entity: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([\da-f]+)|(\d+))$/i.exec(entity) ?? [];
  if (hex === undefined && decimal === undefined) {
    return Object.hasOwn(NAMED_ENTITIES, entity) ? NAMED_ENTITIES[entity] : undefined;
  }
  const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : undefined;
}

function shownName(name: string): string {
  return /^[\w.:-]{1,60}$/.test(name) ? name : '…';
}
