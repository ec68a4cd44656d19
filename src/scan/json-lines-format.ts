import { isUtf8 } from 'node:buffer';

import type { Entry } from '../model/entry.ts';
import { FatalError } from '../model/failure.ts';
import { DECLARED_FIELDS, type DeclaredTexts, declaredEntry } from './declared-entry.ts';
import { keyless, type ListFormat, lineEnd } from './list-format.ts';

/**
 * JSON Lines: an object a line, with `key` and what is declared of it; other fields are passed
 * over. An event stream of this program is such a list too: its `object` lines name the keys, and
 * what else they say is of the bucket and declares nothing; other events are no entries.
 */
export const JSON_LINES_FORMAT: ListFormat = {
  recordEnd: lineEnd,
  entry: (record, at) => {
    if (!isUtf8(record)) return keyless('is not UTF-8', at);
    const line = record.toString('utf8').trim();
    if (line === '') return undefined;
    const fields = jsonFields(line);
    if (fields === undefined) return keyless('is no JSON object', at);
    return entryOf(fields, at);
  },
};

/**
 * Looks at a list's beginning.
 * @throws FatalError `usage` for one JSON array, which people take for JSON Lines.
 */
export function refuseJsonArray(name: string, head: Buffer): void {
  if (!/^[\s\u00ef\u00bb\u00bf]*\[/.test(head.toString('latin1', 0, 256))) return;
  const what = 'is a JSON array, expected one JSON object in each line';
  throw new FatalError('usage', `${name} ${what}: convert it, for example with jq -c '.[]'`);
}

type Fields = ReadonlyMap<string, unknown>;

function jsonFields(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? new Map(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

function entryOf(fields: Fields, at: number): Entry | undefined {
  const event = fields.get('event');
  if (event !== undefined && event !== 'object') return undefined;
  const keyBase64 = fields.get('keyBase64');
  if (typeof keyBase64 === 'string') {
    return { invalid: { keyBase64 }, reason: `the key is not UTF-8 (byte ${at} of the list)` };
  }
  const key = fields.get('key');
  if (typeof key !== 'string') return keyless('has no text under "key"', at);
  return declaredEntry(key, event === undefined ? declaredTexts(fields) : {}, at);
}

function declaredTexts(fields: Fields): DeclaredTexts {
  return Object.fromEntries(
    DECLARED_FIELDS.map((field) => {
      const value = fields.get(field);
      if (value === undefined || value === null) return [field, undefined];
      return [field, typeof value === 'string' ? value : JSON.stringify(value)];
    }),
  );
}
