import { describe, expect, it } from 'vitest';
import { failoverOrigin, type FailoverOptions } from '../../src/guard/failover-origin.ts';
import { fakeClock } from '../support/fake-clock.ts';
import {
  failure,
  never,
  readText,
  request,
  scriptedOrigin,
  type ScriptedOrigin,
  text,
} from './scripted-origin.ts';

const missing = (origin: string) => failure('ORIGIN_NOT_FOUND', origin, { status: 404 });
const status = (code: number, origin: string) => failure('ORIGIN_STATUS', origin, { status: code });

/** A rule of serve's with `a`, `b`, `c` in that order, some of which a health check finds ill. */
function rule(ill: string, change: Partial<FailoverOptions> = {}) {
  const [a, b, c] = [scriptedOrigin('a'), scriptedOrigin('b'), scriptedOrigin('c')];
  const origin = failoverOrigin({
    name: 'rule r',
    order: () => [a, b, c],
    isWell: ({ name }) => !ill.includes(name),
    maxAddresses: 3,
    retryOn: ['5XX'],
    neverRetryOn: [],
    giveUpAfterMs: 600_000,
    isPatient: false,
    clock: fakeClock(),
    drain: never(),
    ...change,
  });
  const reads = (): number[] => [a, b, c].map((address: ScriptedOrigin) => address.reads());
  return { origin, a, b, c, reads };
}

describe('addresses that a health check finds ill', () => {
  it('are not asked where another one gives the object', async () => {
    const { origin, reads } = rule('ab');
    expect(await readText(origin)).toBe('c');
    expect(reads()).toEqual([0, 0, 1]);
  });

  it('are asked in their order where all are ill', async () => {
    const { origin, a } = rule('abc');
    expect(await readText(origin)).toBe('a');
    a.script(status(500, 'a'));
    expect(await readText(origin)).toBe('b');
  });

  it('are asked when all the others have failed, or are taken for down', async () => {
    const { origin, b, c, reads } = rule('a');
    b.script(status(500, 'b'));
    c.usable = false;
    expect(await readText(origin)).toBe('a');
    expect(reads()).toEqual([1, 1, 0]);
  });

  it('count among maxAddresses', async () => {
    const { origin, b, reads } = rule('ac', { maxAddresses: 1 });
    b.script(status(500, 'b'));
    await expect(readText(origin)).rejects.toMatchObject({ status: 500 });
    expect(reads()).toEqual([0, 1, 0]);
  });

  it('are asked even though they gave a part of the object already: last', async () => {
    const { origin, reads } = rule('b');
    const begun = () => ({ origin: 'b', bytes: 77 });
    expect(await origin.read({ ...request, begun }, text, never())).toBe('a');
    expect(reads()).toEqual([1, 0, 0]);
  });

  it('are asked all the same where an address behind them has nothing, or refuses', async () => {
    const { origin, b, reads } = rule('a');
    b.script(missing('b'));
    expect(await readText(origin)).toBe('a');
    b.script(status(403, 'b'));
    expect(await readText(origin)).toBe('a');
    expect(reads()).toEqual([2, 2, 0]);
  });

  it('and not where the rule would not have asked them after that answer', async () => {
    const { origin, a, reads } = rule('b');
    a.script(missing('a'));
    await expect(readText(origin)).rejects.toMatchObject({ code: 'ORIGIN_NOT_FOUND' });
    a.script(status(403, 'a'));
    await expect(readText(origin)).rejects.toMatchObject({ status: 403 });
    expect(reads()).toEqual([2, 0, 0]);
  });

  it('make no absence: it is one only where they said so, too', async () => {
    const { origin, a, b } = rule('a');
    b.script(missing('b'));
    a.script(missing('a'));
    await expect(readText(origin)).rejects.toMatchObject({ code: 'ORIGIN_NOT_FOUND' });
    a.script(status(503, 'a'));
    await expect(readText(origin)).rejects.toMatchObject({ code: 'ORIGIN_STATUS', status: 503 });
    const short = rule('a', { maxAddresses: 1 });
    short.b.script(missing('b'));
    await expect(readText(short.origin)).rejects.toMatchObject({
      code: 'ORIGIN_UNREACHABLE',
      message: expect.stringContaining('a could not be asked') as string,
    });
    expect(short.reads()).toEqual([0, 1, 0]);
  });

  it('keep a refusal of a well one from nothing: it stands where they fail', async () => {
    const { origin, a, b } = rule('a');
    b.script(status(403, 'b'));
    a.script(failure('ORIGIN_UNREACHABLE', 'a'));
    await expect(readText(origin)).rejects.toMatchObject({ status: 403 });
  });
});
