import { describe, expect, test } from 'vitest';

import { evaluateConditions } from '../../src/serve/client/evaluate-conditions.ts';
import type { ConditionVerdict, Validators } from '../../src/serve/client/evaluate-conditions.ts';

const NOW = Date.UTC(2026, 10, 20);
const EARLIER = 'Thu, 19 Nov 2026 04:00:00 GMT';
const DATE = 'Fri, 20 Nov 2026 04:00:00 GMT';
const LATER = 'Sat, 21 Nov 2026 04:00:00 GMT';

const STRONG: Validators = { etag: '"a"', lastModified: DATE };
const WEAK: Validators = { etag: 'W/"a"', lastModified: DATE };
const NONE: Validators = {};

type Row = readonly [Record<string, string>, Validators, ConditionVerdict];

const judge = (headers: Record<string, string>, validators: Validators): ConditionVerdict =>
  evaluateConditions(headers, validators, NOW);

function table(rows: readonly Row[]): void {
  test.each(rows)('%j of %j: %s', (headers, validators, verdict) => {
    expect(judge(headers, validators)).toBe(verdict);
  });
}

test('a request without conditions goes', () => {
  expect(judge({}, STRONG)).toBe('go');
  expect(judge({ range: 'bytes=0-1' }, NONE)).toBe('go');
});

describe('If-Match compares strongly', () => {
  table([
    [{ 'if-match': '"a"' }, STRONG, 'go'],
    [{ 'if-match': '"b"' }, STRONG, 412],
    [{ 'if-match': '"b", "a"' }, STRONG, 'go'],
    [{ 'if-match': '"b","a"' }, STRONG, 'go'],
    [{ 'if-match': ', "b" ,\t"a",' }, STRONG, 'go'],
    [{ 'if-match': '"b, a"' }, STRONG, 412],
    [{ 'if-match': '"x,a"' }, { etag: '"x,a"' }, 'go'],
    [{ 'if-match': 'W/"a"' }, STRONG, 412],
    [{ 'if-match': '"a"' }, WEAK, 412],
    [{ 'if-match': 'W/"a"' }, WEAK, 412],
    [{ 'if-match': '"A"' }, STRONG, 412],
    [{ 'if-match': '*' }, STRONG, 'go'],
    [{ 'if-match': ' * ' }, NONE, 'go'],
    [{ 'if-match': '"*"' }, STRONG, 412],
    [{ 'if-match': '"a"' }, NONE, 412],
    [{ 'if-match': '' }, STRONG, 412],
    [{ 'if-match': '"a' }, STRONG, 412],
    [{ 'if-match': '""' }, { etag: '""' }, 'go'],
    [{ 'if-match': '""' }, STRONG, 412],
    [{ 'if-match': '"a" "b"' }, STRONG, 412],
    [{ 'if-match': '"\u00e4"' }, { etag: '"\u00e4"' }, 'go'],
  ]);
});

describe('a tag without quotes is the same one in quotes', () => {
  table([
    [{ 'if-match': 'a' }, STRONG, 'go'],
    [{ 'if-match': 'b' }, STRONG, 412],
    [{ 'if-match': 'a' }, { etag: 'a' }, 'go'],
    [{ 'if-none-match': '"a"' }, { etag: 'a' }, 304],
    [{ 'if-none-match': 'b, a' }, STRONG, 304],
  ]);
});

describe('If-Unmodified-Since counts where there is no If-Match', () => {
  table([
    [{ 'if-unmodified-since': EARLIER }, STRONG, 412],
    [{ 'if-unmodified-since': DATE }, STRONG, 'go'],
    [{ 'if-unmodified-since': LATER }, STRONG, 'go'],
    [{ 'if-unmodified-since': EARLIER }, NONE, 'go'],
    [{ 'if-unmodified-since': 'yesterday' }, STRONG, 'go'],
    [{ 'if-unmodified-since': EARLIER }, { lastModified: 'yesterday' }, 'go'],
    [{ 'if-unmodified-since': EARLIER, 'if-match': '"a"' }, STRONG, 'go'],
    [{ 'if-unmodified-since': LATER, 'if-match': '"b"' }, STRONG, 412],
  ]);
});

describe('If-None-Match compares weakly', () => {
  table([
    [{ 'if-none-match': '"a"' }, STRONG, 304],
    [{ 'if-none-match': 'W/"a"' }, STRONG, 304],
    [{ 'if-none-match': '"a"' }, WEAK, 304],
    [{ 'if-none-match': 'W/"a"' }, WEAK, 304],
    [{ 'if-none-match': '"b", W/"a"' }, STRONG, 304],
    [{ 'if-none-match': '"b"' }, STRONG, 'go'],
    [{ 'if-none-match': 'w/"a"' }, STRONG, 'go'],
    [{ 'if-none-match': '*' }, STRONG, 304],
    [{ 'if-none-match': '*' }, NONE, 304],
    [{ 'if-none-match': '"a"' }, NONE, 'go'],
    [{ 'if-none-match': '' }, STRONG, 'go'],
  ]);
});

describe('If-Modified-Since counts where there is no If-None-Match', () => {
  table([
    [{ 'if-modified-since': EARLIER }, STRONG, 'go'],
    [{ 'if-modified-since': DATE }, STRONG, 304],
    [{ 'if-modified-since': LATER }, STRONG, 304],
    [{ 'if-modified-since': 'Friday, 20-Nov-26 04:00:00 GMT' }, STRONG, 304],
    [{ 'if-modified-since': 'Fri Nov 20 04:00:00 2026' }, STRONG, 304],
    [{ 'if-modified-since': ` ${DATE} ` }, STRONG, 304],
    [{ 'if-modified-since': 'Fri, 20 Nov 2026 03:59:59 GMT' }, STRONG, 'go'],
    [{ 'if-modified-since': LATER }, NONE, 'go'],
    [{ 'if-modified-since': '2026-11-21' }, STRONG, 'go'],
    [{ 'if-modified-since': `${DATE}, ${DATE}` }, STRONG, 'go'],
    [{ 'if-modified-since': LATER, 'if-none-match': '"b"' }, STRONG, 'go'],
    [{ 'if-modified-since': EARLIER, 'if-none-match': '"a"' }, STRONG, 304],
  ]);
});

describe('If-Range lets a range go only for the very same bytes', () => {
  const range = 'bytes=0-1';
  table([
    [{ range, 'if-range': '"a"' }, STRONG, 'go'],
    [{ range, 'if-range': ' "a" ' }, STRONG, 'go'],
    [{ range, 'if-range': '"b"' }, STRONG, 'goWhole'],
    [{ range, 'if-range': 'W/"a"' }, STRONG, 'goWhole'],
    [{ range, 'if-range': '"a"' }, WEAK, 'goWhole'],
    [{ range, 'if-range': 'W/"a"' }, WEAK, 'goWhole'],
    [{ range, 'if-range': '"b", "a"' }, STRONG, 'goWhole'],
    [{ range, 'if-range': '"a", "b"' }, STRONG, 'goWhole'],
    [{ range, 'if-range': '"a"' }, NONE, 'goWhole'],
    [{ range, 'if-range': '*' }, STRONG, 'goWhole'],
    [{ range, 'if-range': '' }, STRONG, 'goWhole'],
    [{ range, 'if-range': DATE }, STRONG, 'go'],
    [{ range, 'if-range': DATE }, WEAK, 'go'],
    [{ range, 'if-range': EARLIER }, STRONG, 'goWhole'],
    [{ range, 'if-range': LATER }, STRONG, 'goWhole'],
    [{ range, 'if-range': 'Friday, 20-Nov-26 04:00:00 GMT' }, STRONG, 'goWhole'],
    [{ range, 'if-range': DATE }, NONE, 'goWhole'],
    [{ range, 'if-range': 'today' }, { lastModified: 'today' }, 'goWhole'],
    [{ 'if-range': '"b"' }, STRONG, 'go'],
  ]);
});

describe('one condition comes after the other', () => {
  const range = 'bytes=0-1';
  table([
    [{ 'if-match': '"b"', 'if-none-match': '"a"' }, STRONG, 412],
    [{ 'if-match': '"a"', 'if-none-match': '"a"' }, STRONG, 304],
    [{ 'if-unmodified-since': EARLIER, 'if-modified-since': LATER }, STRONG, 412],
    [{ range, 'if-none-match': '"a"', 'if-range': '"b"' }, STRONG, 304],
    [{ range, 'if-match': '"b"', 'if-range': '"a"' }, STRONG, 412],
    [{ range, 'if-match': '"a"', 'if-none-match': '"b"', 'if-range': '"b"' }, STRONG, 'goWhole'],
  ]);
});

test('a list that is long and malformed is judged at once', () => {
  for (const piece of [' ', '\t,', 'W/', 'a', '"', ',']) {
    const list = `${piece.repeat(16_000)}x"`;
    expect(judge({ 'if-none-match': list }, { etag: '"q"' })).toBe('go');
  }
});
