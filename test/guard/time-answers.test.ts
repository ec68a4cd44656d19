import { expect, it } from 'vitest';
import { timeAnswers } from '../../src/guard/time-answers.ts';
import { failure, readText, scriptedOrigin } from './scripted-origin.ts';

it('tells of each answer with its address and the time since it was asked for', async () => {
  const times = [100, 107, 200, 230];
  const told: unknown[] = [];
  const timed = timeAnswers(
    scriptedOrigin('a', 'ok', failure('ORIGIN_UNREACHABLE', 'a')),
    () => times.shift() ?? 0,
    (address, ms) => told.push([address, ms]),
  );
  await readText(timed);
  await expect(readText(timed)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject(['a', expect.any(Number)]);
});
