import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { parseRules } from '../../src/rules/parse-rules.ts';
import { rulesJsonSchema } from '../../src/rules/rules-json-schema.ts';

const SAMPLES = new URL('../../samples/', import.meta.url);
const FILES = readdirSync(SAMPLES).filter((name) => name.endsWith('.yaml'));

function read(name: string): string {
  return readFileSync(new URL(name, SAMPLES), 'utf8');
}

function errorsIn(name: string): string[] {
  return parseRules(read(name), name)
    .problems.filter(({ severity }) => severity === 'error')
    .map(({ line, message }) => `${line}: ${message}`);
}

describe('the samples', () => {
  it.each(FILES)('%s is valid and names the schema for editors', (name) => {
    expect(errorsIn(name)).toEqual([]);
    expect(read(name)).toContain('# yaml-language-server: $schema=./rules.schema.json\n');
  });

  it.each(['quickstart.yaml', 'several-rules.yaml'])('%s draws no warning', (name) => {
    expect(parseRules(read(name), name).problems).toEqual([]);
  });

  it('full.yaml sets every field that the schema knows, but for those that exclude others', () => {
    const text = read('full.yaml');
    const excluded = ['endsWith', 'startsWith', 'template'];
    const missing = [...new Set(fieldNames(rulesJsonSchema()))]
      .filter((name) => !excluded.includes(name))
      .filter((name) => !new RegExp(`(^|[\\s{])${name}:`, 'm').test(text));
    expect(missing).toEqual([]);
  });
});

it('rules.schema.json is what the schema in the code says', () => {
  expect(JSON.parse(read('rules.schema.json'))).toEqual(rulesJsonSchema());
});

/** Names of all fields in a JSON Schema. */
function fieldNames(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? Object.keys(schema.properties ?? {}) : [];
  return [...own, ...Object.values(schema).flatMap(fieldNames)];
}
