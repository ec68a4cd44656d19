import { expect, test } from 'vitest';
import { choiceOf, filterOfRun } from '../../src/cli/filter-of-run.ts';
import { choiceText } from '../../src/report/choice-text.ts';

const quiet = { error: () => undefined, warn: () => undefined, debug: () => undefined };

test('without flags there is no filter, and nothing is told', async () => {
  const lines: string[] = [];
  const log = { ...quiet, info: (line: string) => void lines.push(line) };
  expect(await filterOfRun({}, log)).toBeUndefined();
  expect(choiceOf({})).toBeUndefined();
  expect(lines).toEqual([]);
});

test('globs count once, whatever their order', () => {
  expect(choiceOf({ include: ['b', 'a', 'b'], exclude: ['z', 'y'] })).toEqual({
    include: ['a', 'b'],
    exclude: ['y', 'z'],
  });
});

test.each([
  [{ prefix: 'img/2026' }, '--prefix img/2026'],
  [{ prefix: "it's", include: ['**/*.jpg'] }, "--prefix 'it'\\''s' --include '**/*.jpg'"],
  [{ rule: ['a', 'b'], prefix: 'x' }, '--rule a --rule b --prefix x'],
  [{ exclude: ['a\u001b[1m', ''] }, "--exclude 'a\\u001b[1m' --exclude ''"],
])('%j is told as a shell takes it', (choice, text) => {
  expect(choiceText(choice)).toBe(text);
});
