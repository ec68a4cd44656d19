import type { Node, Pair } from 'yaml';
import { Document, isCollection, isMap, isNode, isPair, isScalar, YAMLMap, YAMLSeq } from 'yaml';

import type { DraftRule, Fields, FieldValue } from './draft-rule.ts';
import { Noted } from './draft-rule.ts';
import type { ImportWarning } from './import-notes.ts';

/** A rules file before it is text. */
export interface RulesFile {
  /** Lines of the comment that heads the file. */
  readonly head: readonly string[];
  /** Warnings that concern no rule, told in the head. */
  readonly warnings: readonly ImportWarning[];
  readonly bucketUrl: string;
  readonly bucketNote: string | undefined;
  readonly rules: readonly DraftRule[];
  /** Lines to stand above a rule, by the rule's index, beside what its warnings say. */
  readonly examples: readonly (readonly string[])[];
}

/** What stands for a bucket where none was named. */
export const PLACEHOLDER_BUCKET = 'file:./bucket';

/** Comments wrap here, as the samples of the house do. */
const COMMENT_WIDTH = 96;

/** Writes a rules file: block style, comments above rules and behind values. */
export function writeRulesYaml(file: RulesFile): string {
  const { bucketNote, bucketUrl } = file;
  const document = new Document<Node>(new YAMLMap());
  const root = mapNode(document, {
    version: 1,
    bucket: { url: bucketNote === undefined ? bucketUrl : new Noted(bucketUrl, bucketNote) },
    rules: file.rules.map(({ fields }) => fields),
  });
  document.contents = root;
  document.commentBefore = commentText([...file.head, ...file.warnings.map(noteLine)]);
  const rules = root.get('rules');
  if (isCollection(rules)) {
    for (const [index, item] of rules.items.entries()) {
      const rule = file.rules[index];
      if (!isNode(item) || rule === undefined) continue;
      item.commentBefore = commentText([...aboutRule(rule), ...(file.examples[index] ?? [])]);
    }
  }
  return document.toString({ lineWidth: 0, singleQuote: true });
}

function aboutRule({ madeFrom, warnings }: DraftRule): string[] {
  return [...(madeFrom === '' ? [] : [`Made from ${madeFrom}.`]), ...warnings.map(noteLine)];
}

function noteLine({ path, message }: ImportWarning): string {
  return `NOTE ${path === '' ? '' : `${path}: `}${message}`;
}

function commentText(lines: readonly string[]): string {
  return lines.flatMap(wrapped).join('\n');
}

function wrapped(line: string): string[] {
  const rows: string[] = [];
  let row = '';
  for (const word of oneLine(line).split(' ')) {
    if (row !== '' && row.length + word.length >= COMMENT_WIDTH) {
      rows.push(row);
      row = ' ';
    }
    row = `${row} ${word}`;
  }
  return [...rows, row];
}

/** Comments may quote a document: nothing of it may end the line. */
function oneLine(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\uFFFD\uFEFF]+/gu, ' ');
}

function mapNode(document: Document, fields: Fields): YAMLMap {
  const map = new YAMLMap();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || isEmpty(value)) continue;
    map.items.push(pair(document, name, value));
  }
  map.flow = isReference(fields);
  return map;
}

function pair(document: Document, name: string, value: FieldValue): Pair {
  const plain = value instanceof Noted ? value.value : value;
  const made = document.createPair(name, null);
  const node = valueNode(document, plain);
  made.value = node;
  if (!(value instanceof Noted)) return made;
  const note = ` ${oneLine(value.note)}`;
  if (isScalar(node) || isFlow(node)) node.comment = note;
  else if (isNode(made.key)) made.key.commentBefore = note;
  return made;
}

function valueNode(document: Document, value: Exclude<FieldValue, Noted>): Node {
  if (isList(value)) {
    const list = new YAMLSeq<Node>();
    for (const item of value) list.items.push(itemNode(document, item));
    return list;
  }
  if (typeof value === 'object') return mapNode(document, value);
  return document.createNode(value);
}

function itemNode(document: Document, item: FieldValue): Node {
  const node = valueNode(document, item instanceof Noted ? item.value : item);
  if (item instanceof Noted && isScalar(node)) node.comment = ` ${oneLine(item.note)}`;
  return node;
}

function isList(value: FieldValue): value is readonly FieldValue[] {
  return Array.isArray(value);
}

/** Maps without fields say nothing; an empty list does. */
function isEmpty(value: FieldValue): boolean {
  if (value instanceof Noted) return isEmpty(value.value);
  if (typeof value !== 'object' || isList(value)) return false;
  return Object.values(value).every((inner) => inner === undefined || isEmpty(inner));
}

/** `{ env: NAME }` reads best on one line. */
function isReference(fields: Fields): boolean {
  return Object.keys(fields).length === 1 && fields['env'] !== undefined;
}

function isFlow(node: Node): boolean {
  return isMap(node) && node.flow === true && node.items.every((item) => isPair(item));
}
