import type { z } from 'zod';

import { didYouMean } from './did-you-mean.ts';

/** Longer texts are not repeated in a message. */
const MAX_SHOWN = 40;

/** What a schema issue comes to in people's words; undefined leaves it to the schema. */
export function issueWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined && issue.code !== 'custom') return missing(issue.path);
  if (issue.input === null && issue.code !== 'custom') {
    return 'has no value; give it one, or remove the line';
  }
  if (issue.code === 'invalid_type') return wrongType(issue.expected, issue.input);
  if (issue.code === 'invalid_value') return wrongValue(issue.values, issue.input);
  if (issue.code === 'too_small') {
    return tooSmall(issue.origin, Number(issue.minimum), issue.inclusive !== false);
  }
  if (issue.code === 'too_big') return `${kindOf(issue.origin)} at most ${Number(issue.maximum)}`;
  if (issue.code === 'invalid_key') return 'the name is empty or too long';
  return undefined;
}

function missing(path: readonly PropertyKey[] | undefined): string {
  const field = path?.at(-1);
  return typeof field === 'string' ? `missing field \`${field}\`` : 'is missing';
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of fields',
  record: 'a map of names to values',
};

/** Values are not repeated here: what stands in the wrong place may be a secret. */
function wrongType(expected: string, input: unknown): string {
  const quote =
    expected === 'string' && ['number', 'boolean'].includes(typeof input)
      ? '; put it in quotes'
      : '';
  return `expected ${TYPE_WORDS[expected] ?? expected}, got ${typeWords(input)}${quote}`;
}

function typeWords(input: unknown): string {
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'string') return 'text';
  if (typeof input === 'number') return 'a number';
  return typeof input === 'boolean' ? `the word ${String(input)}` : 'a map';
}

function wrongValue(values: readonly unknown[], input: unknown): string {
  const allowed = values.map(String);
  const expected = allowed.length === 1 ? allowed.join('') : `one of ${allowed.join(', ')}`;
  if (typeof input !== 'string') {
    const got = typeof input === 'number' ? `\`${input}\`` : typeWords(input);
    return `expected ${expected}, got ${got}`;
  }
  const meant = didYouMean(input, allowed);
  const hint = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
  return `expected ${expected}, got \`${shown(input)}\`${hint}`;
}

function tooSmall(origin: string, minimum: number, inclusive: boolean): string {
  if (origin === 'string') return 'must not be empty';
  return inclusive ? `${kindOf(origin)} at least ${minimum}` : `must be more than ${minimum}`;
}

function kindOf(origin: string): string {
  if (origin === 'array') return 'the number of entries must be';
  return origin === 'string' ? 'the number of characters must be' : 'must be';
}

function shown(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ');
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line;
}
