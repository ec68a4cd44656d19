import { expect, it } from 'vitest';

import { displayWidth } from '../../src/rules/display-width.ts';

it.each([
  ['', 0],
  ['a b.jpg', 7],
  ['é', 1],
  ['e\u0301', 1],
  ['图片', 4],
  ['カナ', 4],
  ['한글', 4],
  ['ａ', 2],
  ['ｱ', 1],
  ['😀', 2],
  ['a\uFE0F\u200B', 1],
  ['𠀀', 2],
  ['…', 1],
])('%s takes %i columns', (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});
