import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FAILURE_CODES } from '../../src/model/failure.ts';
import { parseRules } from '../../src/rules/parse-rules.ts';

const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
const blocks = Array.from(readme.matchAll(/```yaml\n(.*?)```/gs), ([, text = '']) => text);

test('the two commands that everything starts with head the README', () => {
  const [first = ''] = readme.split('```sh\n').slice(1);
  expect(first.startsWith('npm ci && npm run demo\nnpm ci && npm test\n')).toBe(true);
});

test.each(blocks)('the rules that it shows are valid: %#', (text) => {
  const whole = [
    text.includes('version:') ? '' : 'version: 1\n',
    text.includes('bucket:') ? '' : 'bucket: { url: "file:./bucket" }\n',
    text,
  ].join('');
  const { problems } = parseRules(whole, 'README.md');
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test('every failure code is explained', () => {
  const explained = Array.from(readme.matchAll(/^\| `([A-Z_]+)`\s+\|/gm), ([, code]) => code);
  expect([...FAILURE_CODES].filter((code) => !explained.includes(code))).toEqual([]);
});

test('it names no place of the machine that it was written on', () => {
  expect(readme).not.toMatch(/\/(?:home|root|tmp|work)\//);
});
