import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { ObjectEvent, ProgressEvent, SummaryEvent } from '../../src/model/event.ts';
import { progressBar } from '../../src/report/bar.ts';
import { plainLines } from '../../src/report/plain.ts';
import { bytesText, countText, durationText } from '../../src/report/quantity.ts';
import { failureText, summaryText } from '../../src/report/summary-text.ts';
import { fakeClock } from '../support/fake-clock.ts';

const summary: SummaryEvent = {
  event: 'summary',
  command: 'migrate',
  listed: 1234,
  copied: 1000,
  skipped: 200,
  failed: 34,
  deleted: 0,
  listingErrors: 0,
  bytes: 1536,
  originRequests: 0,
  bucketRequests: 0,
  carried: { listed: 0, copied: 0, skipped: 0, failed: 0 },
  resumed: false,
  elapsedMs: 61_000,
  exitCode: 3,
};
const progress: ProgressEvent = {
  event: 'progress',
  listed: 9,
  copied: 5,
  skipped: 1,
  failed: 0,
  bytes: 2048,
  bytesPerSecond: 1024,
  inFlight: 3,
};
const failure = (key: string): ObjectEvent => ({
  event: 'object',
  key,
  outcome: 'failed',
  rule: 'r',
  code: 'ORIGIN_STATUS',
  message: 'said 500',
  attempts: 1,
});

test('quantities read as people write them', () => {
  expect([0, 1023, 1024, 1_572_864, 5 * 1024 ** 4].map(bytesText)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 MiB',
    '5.0 TiB',
  ]);
  expect([400, 59_900, 200_000, 7_500_000].map(durationText)).toEqual([
    '0.4 s',
    '59.9 s',
    '3 min 20 s',
    '2 h 5 min',
  ]);
  expect(countText(1234567)).toBe('1,234,567');
});

test('a summary tells counts, bytes, time and what earlier runs had done', () => {
  expect(summaryText(summary)).toBe(
    'migrate: 1,234 listed, 1,000 copied (1.5 KiB), 200 skipped, 34 failed in 1 min 1 s',
  );
  const carried = { listed: 7, copied: 5, skipped: 1, failed: 1 };
  expect(summaryText({ ...summary, carried })).toMatch(
    /; before that 5 copied, 1 skipped, 1 failed$/,
  );
  expect(summaryText({ ...summary, planned: 8 })).toContain('8 would be copied');
});

test('a key cannot send escapes to a terminal or break a line', () => {
  expect(failureText(failure('a\u001b[2Jb\nc'))).toBe(
    'failed: a\\u001b[2Jb\\u000ac: ORIGIN_STATUS: said 500',
  );
});

test('plain lines: failures as they come, a heartbeat every ten seconds, the summary', async () => {
  const lines: string[] = [];
  const clock = fakeClock();
  const sink = plainLines((line) => lines.push(line), clock);
  sink.emit(failure('k'));
  sink.emit(progress);
  expect(lines).toHaveLength(1);
  await clock.advance(10_000);
  sink.emit(progress);
  sink.emit(progress);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe(
    '9 listed, 5 copied, 1 skipped, 0 failed, 2.0 KiB (1.0 KiB/s), 3 in flight',
  );
  sink.emit(summary);
  expect(lines[2]).toMatch(/^migrate: /);
});

test('a flood of failures is counted, not printed', () => {
  const lines: string[] = [];
  const sink = plainLines((line) => lines.push(line), fakeClock());
  for (let index = 0; index < 250; index += 1) sink.emit(failure(`k${index}`));
  sink.emit(summary);
  expect(lines).toHaveLength(102);
  expect(lines[100]).toBe('150 more failures are not shown');
});

test('the bar shows counts that move and leaves failures and the summary standing', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 120 });
  const sink = progressBar(terminal);
  sink.emit({ event: 'start', schema: 1, command: 'migrate', job: 'j', time: '', resumed: true });
  sink.emit(progress);
  sink.emit(failure('k'));
  sink.emit(summary);
  const shown = String(terminal.read());
  expect(shown).toContain('resuming job j');
  expect(shown).toContain('failed: k: ORIGIN_STATUS');
  expect(shown.trimEnd().split('\n').at(-1)).toContain('1,000 copied');
});
