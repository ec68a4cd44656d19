import { expect, test } from 'vitest';
import {
  showBytes,
  showCount,
  showDuration,
  showShare,
  showTime,
} from '../../src/page/show-quantity.ts';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [150 * 1024, '150 KiB'],
  [3 * 1024 ** 3, '3.0 GiB'],
  [2 * 1024 ** 6, '2048 PiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(showBytes(bytes)).toBe(text);
});

test.each([
  [0, 0, '–'],
  [0, 10, '0 %'],
  [1, 2_000_000, '< 0.1 %'],
  [1, 8, '12.5 %'],
  [1, 4, '25 %'],
  [1_999_999, 2_000_000, '> 99.9 %'],
  [7, 7, '100 %'],
])('%i of %i is %s', (part, whole, text) => {
  expect(showShare(part, whole)).toBe(text);
});

test.each([
  [-5, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_600_000, '1 h'],
  [3_900_000, '1 h 5 min'],
  [86_400_000, '1 d'],
  [100_800_000, '1 d 4 h'],
])('%i ms are %s', (ms, text) => {
  expect(showDuration(ms)).toBe(text);
});

test('counts have their thousands apart, times are of UTC', () => {
  expect(showCount(1_234_567)).toBe('1,234,567');
  expect(showTime(Date.UTC(2026, 10, 20, 4, 0, 7))).toBe('2026-11-20 04:00:07 UTC');
});
