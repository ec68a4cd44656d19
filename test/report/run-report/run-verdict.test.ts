import { describe, expect, test } from 'vitest';
import { FAILURE_CODES } from '../../../src/model/failure.ts';
import {
  FAILURE_CLASSES,
  failureAdvice,
  failureClass,
} from '../../../src/report/run-report/failure-class.ts';
import { runVerdict } from '../../../src/report/run-report/run-verdict.ts';
import { wholeTally } from '../../../src/report/run-report/whole-tally.ts';
import { summaryOf } from './made-job.ts';

const job = { state: 'complete', listed: 1234, copied: 0, skipped: 0, failed: 0 } as const;

test.each([
  [{}, null, 'yes', 'complete: 1,234 keys, and none failed'],
  [{ listed: 0 }, null, 'yes', 'complete: there was no key, so there was nothing to do'],
  [
    { failed: 34 },
    summaryOf({ listingErrors: 1 }),
    'no',
    'complete, but 34 of 1,234 keys failed, and 1 page could not be listed',
  ],
  [
    {},
    summaryOf({ deletes: { planned: 9, kept: 0, failed: 0, refused: '9 of 10 is too many' } }),
    'no',
    'complete, but nothing was deleted (9 of 10 is too many)',
  ],
  [
    { state: 'interrupted', failed: 2, openEntries: 16 },
    null,
    'no',
    'interrupted: 1,234 keys done, 2 failed, 16 keys begun and not done; run it again to resume',
  ],
  [{ state: 'running', listed: 1 }, null, 'wait', 'still running: 1 key done so far'],
] as const)('of %j the verdict is what it is', (change, summary, tone, text) => {
  expect(runVerdict({ ...job, openEntries: 0, ...change }, summary)).toEqual({ tone, text });
});

describe('what became of all keys', () => {
  const checkpoint = { listed: 3, copied: 1, skipped: 1, failed: 1 };

  test('is what the checkpoint counts while the run has not ended', () => {
    expect(wholeTally(checkpoint, null)).toBe(checkpoint);
  });

  test('is what the run told with what it carried, once it has', () => {
    const carried = { listed: 100, copied: 90, skipped: 9, failed: 1 };
    const summary = summaryOf({ listed: 10, copied: 7, skipped: 2, failed: 1, carried });
    expect(wholeTally(checkpoint, summary)).toEqual({
      ...{ listed: 110, copied: 97, skipped: 11, failed: 2 },
    });
  });
});

test('every failure has a class, every class is used and says what to do', () => {
  expect(new Set(FAILURE_CODES.map(failureClass))).toEqual(new Set(FAILURE_CLASSES));
  for (const kind of FAILURE_CLASSES) expect(failureAdvice(kind)).toMatch(/^[A-Z].*\.$/);
});
