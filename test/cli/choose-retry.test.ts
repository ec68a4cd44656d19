import { describe, expect, it } from 'vitest';
import { chooseRetry } from '../../src/cli/choose-retry.ts';

interface Row {
  readonly job: string;
  readonly command: string | null;
  readonly changed: string;
  readonly failed: number;
  readonly reopened: boolean;
}

/** @param day of its last change */
function job(name: string, day: number, change: Partial<Row> = {}): Row {
  const changed = `2026-11-${String(day).padStart(2, '0')}T04:00:00.000Z`;
  return { job: name, command: 'migrate', changed, failed: 0, reopened: false, ...change };
}

const failing = { failed: 1 };

describe('the job that a retry is of', () => {
  it.each<[string, readonly Row[], string | undefined, readonly string[]]>([
    ['is none where there is none', [], undefined, []],
    ['is the only one', [job('a', 1)], 'a', []],
    [
      'is of those with failures the one that ran last',
      [job('a', 1, failing), job('b', 3, failing), job('c', 2, failing)],
      'b',
      ['c', 'a'],
    ],
    ['is not one without failures that ran later', [job('a', 1, failing), job('b', 2)], 'a', []],
    ['is the last where none has failures', [job('a', 1), job('b', 2)], 'b', []],
    [
      'is one whose retry was interrupted before anything failed again',
      [job('a', 1, { reopened: true }), job('b', 2)],
      'a',
      [],
    ],
    [
      'is never a scan or a verify, which copy nothing',
      [job('a', 1), job('s', 3, { command: 'scan' }), job('v', 2, { command: 'verify' })],
      'a',
      [],
    ],
    ['may have a name of its own', [job('a', 1, { command: null, failed: 2 })], 'a', []],
  ])('%s', (_, jobs, expected, others) => {
    const choice = chooseRetry(jobs);
    expect(choice?.job.job).toBe(expected);
    expect((choice?.others ?? []).map((other) => other.job)).toEqual(others);
  });
});
