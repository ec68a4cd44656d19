import { describe, expect, it } from 'vitest';
import { HealthCheck, type HealthProbe } from '../../src/guard/health-check.ts';
import { fakeClock } from '../support/fake-clock.ts';

/** A check every 10 s, 3 falls and 2 rises, whose looks end as the test says. */
function checked(...answers: readonly (string | undefined)[]) {
  const clock = fakeClock();
  const changes: [boolean, string][] = [];
  let looks = 0;
  const start = (probe: HealthProbe): HealthCheck => {
    const check = new HealthCheck({
      probe: (signal) => {
        looks += 1;
        return probe(signal);
      },
      ...{ everyMs: 10_000, timeoutMs: 4000, fall: 3, rise: 2, clock },
      onChange: (isWell, reason) => changes.push([isWell, reason]),
    });
    check.start();
    return check;
  };
  const scripted = (): Promise<string | undefined> => Promise.resolve(answers[looks - 1]);
  return { clock, changes, start, scripted, looks: () => looks };
}

const ILL = '503';
const WELL = undefined;

describe('a health check', () => {
  it('looks at once, and then every so often', async () => {
    const { clock, start, scripted, looks } = checked();
    const check = start(scripted);
    await clock.settle();
    expect(looks()).toBe(1);
    await clock.advance(9999);
    expect(looks()).toBe(1);
    await clock.advance(20_001);
    expect(looks()).toBe(4);
    await check.close();
  });

  it('takes what it checks for well until fall looks in a row have failed', async () => {
    const { clock, start, scripted, changes } = checked(ILL, ILL, WELL, ILL, ILL, '500');
    const check = start(scripted);
    await clock.advance(49_999);
    expect([check.isWell, changes]).toEqual([true, []]);
    await clock.advance(1);
    expect([check.isWell, changes]).toEqual([false, [[false, '3 failures in a row: 500']]]);
    await check.close();
  });

  it('and for ill until rise looks in a row have not', async () => {
    const { clock, start, scripted, changes } = checked(ILL, ILL, ILL, WELL, ILL, WELL, WELL);
    const check = start(scripted);
    await clock.advance(59_999);
    expect(check.isWell).toBe(false);
    await clock.advance(1);
    expect(check.isWell).toBe(true);
    expect(changes.slice(1)).toEqual([[true, '2 successes in a row']]);
    await check.close();
  });

  it('aborts a look that takes too long, which has failed, and keeps its beat', async () => {
    const { clock, start, changes, looks } = checked();
    const aborted: unknown[] = [];
    const check = start((signal) => {
      signal.addEventListener('abort', () => aborted.push(signal.reason));
      return new Promise(() => undefined);
    });
    await clock.advance(23_999);
    expect([looks(), aborted.length]).toEqual([3, 2]);
    await clock.advance(1);
    expect(changes).toEqual([[false, '3 failures in a row: no answer within 4 s']]);
    await clock.advance(5999);
    expect(looks()).toBe(3);
    await clock.advance(1);
    expect(looks()).toBe(4);
    await check.close();
  });

  it('has failed where its probe throws', async () => {
    const { clock, start, changes } = checked();
    const check = start(() => Promise.reject(new Error('no such thing')));
    await clock.advance(20_000);
    expect(changes).toEqual([[false, '3 failures in a row: no such thing']]);
    await check.close();
  });

  it('ends at close: the look under way is aborted, nothing sleeps, and nobody is told', async () => {
    const { clock, start, changes, looks } = checked();
    let ended: unknown;
    const check = start(
      (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            ended = signal.reason;
            reject(new Error('aborted'));
          });
        }),
    );
    await clock.settle();
    await check.close();
    expect(ended).toEqual(new Error('the health check is closed'));
    expect(clock.sleepers()).toBe(0);
    await clock.advance(60_000);
    expect([looks(), changes]).toEqual([1, []]);
  });

  it('ends between two looks as well, and never begins once it is closed', async () => {
    const { clock, start, scripted, looks } = checked();
    const check = start(scripted);
    await clock.settle();
    expect(clock.sleepers()).toBe(1);
    await check.close();
    expect(clock.sleepers()).toBe(0);
    check.start();
    await clock.advance(60_000);
    expect(looks()).toBe(1);
  });
});
