import { expect, test } from 'vitest';
import { Cleanup } from '../../src/cli/cleanup.ts';
import { processSurroundings } from '../../src/cli/surroundings.ts';
import { variableName, withSwitches } from '../../src/cli/switches.ts';

const surroundings = (env: Record<string, string>) => ({ ...processSurroundings(), env });

test.each([
  ['true', true],
  ['1', true],
  ['YES', true],
  ['on', true],
  ['false', undefined],
  ['0', undefined],
  ['no', undefined],
  ['off', undefined],
  ['', undefined],
])('a switch that is %j in the environment is %s', (value, expected) => {
  const options: { dryRun?: true } = {};
  const env = surroundings({ BUCKETFILL_DRY_RUN: value });
  expect(withSwitches(options, ['dryRun'], env).dryRun).toBe(expected);
});

test('the command line counts before the environment, and nonsense is refused', () => {
  const env = surroundings({ BUCKETFILL_JSON: 'false', BUCKETFILL_WAIT: 'perhaps' });
  expect(withSwitches({ json: true }, ['json'], env)).toEqual({ json: true });
  expect(() => withSwitches({}, ['wait'], env)).toThrow(/BUCKETFILL_WAIT is "perhaps"/);
});

test('variables are named after their flags', () => {
  expect(['json', 'dryRun', 'allowPrivate'].map(variableName)).toEqual([
    'BUCKETFILL_JSON',
    'BUCKETFILL_DRY_RUN',
    'BUCKETFILL_ALLOW_PRIVATE',
  ]);
});

test('a cleanup closes the last thing first, and hides no earlier error', async () => {
  const closed: string[] = [];
  const cleanup = new Cleanup();
  for (const name of ['a', 'b']) {
    cleanup.add(() => {
      closed.push(name);
      return Promise.reject(new Error(`${name} would not close`));
    });
  }
  const failing = cleanup.around(() => Promise.reject(new Error('the disk is full')));
  await expect(failing).rejects.toThrow('the disk is full');
  expect(closed).toEqual(['b', 'a']);
});

test('a cleanup that fails after success is told', async () => {
  const cleanup = new Cleanup();
  cleanup.add(() => Promise.reject(new Error('would not close')));
  await expect(cleanup.around(() => Promise.resolve(1))).rejects.toThrow('would not close');
});
