import { expect, test } from 'vitest';
import { type Ending, fatalExitCode, runExitCode } from '../../src/model/exit-code.ts';

test.each([
  ['usage', 2],
  ['bucket-unusable', 5],
  ['origins-unusable', 5],
  ['job-differs', 6],
  ['job-locked', 7],
  ['state-unusable', 8],
  ['output-closed', 130],
] as const)('what is fatal as %s ends with %i', (kind, code) => {
  expect(fatalExitCode(kind)).toBe(code);
});

const finished: Ending = { kind: 'finished' };
test.each([
  ['all is well', finished, 0, 0, 0],
  ['an object failed', finished, 1, 0, 3],
  ['a failure was our own', finished, 1, 1, 1],
  ['SIGINT, although objects failed', { kind: 'interrupted', by: 'SIGINT' }, 1, 0, 130],
  ['SIGTERM', { kind: 'interrupted', by: 'SIGTERM' }, 0, 0, 143],
  ['every origin down', { kind: 'fatal', fatal: 'origins-unusable' }, 1, 0, 5],
] as const)('%s', (_name, ending, failed, bugs, code) => {
  expect(runExitCode(ending, failed, bugs)).toBe(code);
});
