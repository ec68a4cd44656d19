import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { FatalError } from '../../../src/model/failure.ts';
import { ImportNotes } from '../../../src/rules/vendors/import-notes.ts';
import { readJson } from '../../../src/rules/vendors/read-json.ts';
import type { VendorNode } from '../../../src/rules/vendors/vendor-node.ts';

function plain(node: VendorNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plain);
    case 'map':
      return Object.fromEntries(
        [...node.entries].map(([name, [inner]]) => [name, inner && plain(inner)]),
      );
  }
}

/** The document's value, or the line that refuses it. */
function read(text: string): { readonly value: unknown } | string {
  try {
    return { value: plain(readJson(text, new ImportNotes('in', 'json'))) };
  } catch (error) {
    if (error instanceof FatalError && error.kind === 'usage') return error.message;
    throw error;
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

const CHARACTERS = Array.from('{}[]":,01.eE+-tfn\\u \n\t\u0000\u00A0\uFEFF/*\'a');

describe('JSON is read as JSON.parse reads it', () => {
  const json = fc.jsonValue({ maxDepth: 6 });

  test('where every field stands once', () => {
    fc.assert(
      fc.property(json, fc.constantFrom('', ' ', '\n\t'), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        expect(read(` ${text}\r\n`)).toEqual(parsed(text));
      }),
    );
  });

  test('or refused as there, whatever character is lost or stands somewhere else', () => {
    const character = fc.constantFrom('', ...CHARACTERS);
    fc.assert(
      fc.property(json, fc.nat(), fc.nat({ max: 2 }), character, (value, place, lost, other) => {
        const text = JSON.stringify(value);
        const at = place % (text.length + 1);
        const changed = `${text.slice(0, at)}${other}${text.slice(at + lost)}`;
        const [mine, theirs] = [read(changed), parsed(changed)];
        const isRepeat = typeof mine === 'string' && mine.includes('stands twice');
        if (theirs === undefined) expect(mine).toMatch(/^in: (is not valid|ends within|.*twice)/);
        else if (!isRepeat) expect(mine).toEqual(theirs);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a field that stands twice is refused', () => {
  test.each([
    ['{"rules": [1],\n"rules": [2]}', 'in: `rules` stands twice (line 2); keep one'],
    [
      '{"rules": [{}, {"redirect": {"agency": "a", "agency": "a"}}]}',
      'in: rules[1].redirect: `agency` stands twice (line 1); keep one',
    ],
    ['[[{"a": 1, "\\u0061": 2}]]', 'in: [0][0]: `a` stands twice (line 1); keep one'],
    ['{"a": null, "a": null}', 'in: `a` stands twice (line 1); keep one'],
    ['{"__proto__": 1, "__proto__": 2}', 'in: `__proto__` stands twice (line 1); keep one'],
    ['{"\\n\\n": 1, "\\n\\n": 2}', 'in: ` ` stands twice (line 1); keep one'],
  ])('%s', (text, line) => {
    expect(read(text)).toBe(line);
  });

  test('but not one that stands in two objects', () => {
    const text = '{"a": {"a": [{"a": 1}, {"a": 2}]}, "A": 1}';
    expect(read(text)).toEqual(parsed(text));
  });

  test('nor is its value repeated', () => {
    expect(read('{"secret": "hunter2", "secret": "hunter3"}')).not.toMatch(/hunter/);
  });
});

describe('what is no JSON names its line', () => {
  test.each([
    ['{"a": [1,\n2,\n]}', 'in: is not valid JSON (line 3)'],
    ["{\n'a': 1}", 'in: is not valid JSON (line 2)'],
    ['{\n"a": 1,}', 'in: is not valid JSON (line 2)'],
    ['{"a": 1} {"a": 2}', 'in: is not valid JSON (line 1)'],
    ['{"a": 1 // one\n}', 'in: is not valid JSON (line 1)'],
    ['{"a": "x\ny"}', 'in: is not valid JSON (line 1)'],
    ['{"a":\n"x', 'in: is not valid JSON (line 2)'],
    ['{"a": 01}', 'in: is not valid JSON (line 1)'],
    ['{"a":\n', 'in: ends within a value (line 2); is it cut short?'],
    ['{"a": {"b": 1}', 'in: ends within a value (line 1); is it cut short?'],
    ['', 'in: ends within a value (line 1); is it cut short?'],
  ])('%j', (text, line) => {
    expect(read(text)).toBe(line);
  });
});

test('300,000 fields, and brackets without end, are read in one go', () => {
  const fields = Array.from({ length: 300_000 }, (_, at) => `"f${at}":0`).join(',');
  expect(read(`{${fields}}`)).toHaveProperty('value');
  expect(read('['.repeat(4_000_000))).toBe('in: is nested too deeply to be read');
  expect(read(`{"a":`.repeat(100_000))).toBe('in: is nested too deeply to be read');
});
