import { describe, expect, it } from 'vitest';

import { parseDuration, parseRate, parseSize } from '../../src/rules/units.ts';

describe('a size', () => {
  it.each([
    ['0B', 0],
    ['512B', 512],
    ['16MiB', 16_777_216],
    ['1.5KiB', 1536],
    ['1kB', 1000],
    ['2MB', 2_000_000],
    ['5TiB', 5_497_558_138_880],
    ['1 GiB', 1_073_741_824],
  ])('%s is %d bytes', (text, value) => {
    expect(parseSize(text)).toEqual({ value });
  });

  it.each([
    '16',
    '16M',
    '16mib',
    '-1MiB',
    '1e3B',
    '',
    'MiB',
    '0.3B',
    '99999TiB',
    '1MiB/s',
    'constructorB',
  ])('%j is refused with an example', (text) => {
    expect(parseSize(text)).toHaveProperty('problem');
  });
});

describe('a duration', () => {
  it.each([
    ['0s', 0],
    ['200ms', 200],
    ['1.5s', 1500],
    ['0.1s', 100],
    ['30s', 30_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('%s is %d ms', (text, value) => {
    expect(parseDuration(text)).toEqual({ value });
  });

  it.each(['30', '30sec', '1h30m', '-1s', '0.5ms', 's'])('%j is refused', (text) => {
    expect(parseDuration(text)).toHaveProperty('problem');
  });

  it('that a timer cannot hold is refused, because it would fire at once', () => {
    expect(parseDuration('24d')).toEqual({ value: 24 * 86_400_000 });
    expect(parseDuration('25d')).toEqual({ problem: 'expected at most `24d`, got `25d`' });
  });
});

describe('a rate', () => {
  it('is a size a second', () => {
    expect(parseRate('50MiB/s')).toEqual({ value: 52_428_800 });
  });

  it.each(['50MiB', '50/s', '/s', '50MiB/m'])('%j is refused', (text) => {
    expect(parseRate(text)).toHaveProperty('problem', expect.stringContaining('50MiB/s'));
  });
});
