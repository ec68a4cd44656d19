import { describe, expect, it } from 'vitest';
import { failoverOrigin, type FailoverOptions } from '../../src/guard/failover-origin.ts';
import type { GuardedOrigin } from '../../src/guard/guarded-origin.ts';
import { FatalError } from '../../src/model/failure.ts';
import { ReadAgain } from '../../src/model/origin.ts';
import { fakeClock } from '../support/fake-clock.ts';
import {
  answerOf,
  failure,
  never,
  readText,
  request,
  scriptedOrigin,
  text,
  type ScriptedOrigin,
} from './scripted-origin.ts';

const clock = fakeClock();
const status = (code: number, origin: string) => failure('ORIGIN_STATUS', origin, { status: code });
const missing = (origin: string) => failure('ORIGIN_NOT_FOUND', origin, { status: 404 });

function failover(addresses: readonly ScriptedOrigin[], change: Partial<FailoverOptions> = {}) {
  return failoverOrigin({
    name: 'rule r',
    order: () => addresses,
    maxAddresses: 3,
    retryOn: ['5XX'],
    neverRetryOn: [],
    giveUpAfterMs: 600_000,
    clock,
    drain: never(),
    ...change,
  });
}

describe('failing over', () => {
  it('H14: asks another master when a retry condition is met', async () => {
    const [first, second] = [scriptedOrigin('a', status(500, 'a')), scriptedOrigin('b')];
    expect(await readText(failover([first, second]))).toBe('b');
    expect([first.reads(), second.reads()]).toEqual([1, 1]);
  });

  it('waits for an address that was shut while a key was read from it, and starts over', async () => {
    const ticking = fakeClock();
    const broken = scriptedOrigin('a', failure('LENGTH_MISMATCH', 'a'), 'ok');
    const address: GuardedOrigin = {
      ...broken,
      available: () => broken.usable,
      read: async (asked, reader, signal) => {
        // Others failed as well: the breaker opens with this failure.
        broken.usable = broken.reads() > 0;
        return broken.read(asked, reader, signal);
      },
    };
    const read = readText(failover([], { order: () => [address], clock: ticking }));
    await ticking.advance(1000);
    expect(broken.reads()).toBe(1);
    broken.usable = true;
    await ticking.advance(60_000);
    expect(await read).toBe('a');
  });

  it('asks the address first that gave a part of the object already', async () => {
    const all = ['a', 'b', 'c'].map((name) => scriptedOrigin(name));
    const begun = () => ({ origin: 'b', bytes: 77 });
    const read = failover(all).read({ ...request, begun }, text, never());
    expect(await read).toBe('b');
    const nothing = () => ({ origin: 'b', bytes: 0 });
    expect(await failover(all).read({ ...request, begun: nothing }, text, never())).toBe('a');
  });

  it('H14: asks no other where no retry condition is met', async () => {
    const forbidden = status(403, 'a');
    const second = scriptedOrigin('b');
    await expect(readText(failover([scriptedOrigin('a', forbidden), second]))).rejects.toBe(
      forbidden,
    );
    expect(second.reads()).toBe(0);
  });

  it('H15: asks at most so many addresses and names them all', async () => {
    const all = ['a', 'b', 'c', 'd'].map((name) => scriptedOrigin(name, status(500, name)));
    await expect(readText(failover(all))).rejects.toMatchObject({
      code: 'ORIGIN_STATUS',
      status: 500,
      origin: 'c',
      message: 'c failed by ORIGIN_STATUS (asked 3 addresses: a, b, c)',
    });
    expect(all.map((origin) => origin.reads())).toEqual([1, 1, 1, 0]);
  });

  it('passes over addresses that are taken for down without counting them', async () => {
    const all = ['a', 'b', 'c', 'd'].map((name) => scriptedOrigin(name, status(500, name)));
    for (const origin of all.slice(0, 2)) origin.usable = false;
    all[3]?.script('ok');
    expect(await readText(failover(all, { maxAddresses: 2 }))).toBe('d');
    expect(all.map((origin) => origin.reads())).toEqual([0, 0, 1, 1]);
  });

  it('says not found only when every address asked said so', async () => {
    const options = { retryOn: ['4XX', '5XX'] } as const;
    const agreed = failover(
      [scriptedOrigin('a', missing('a')), scriptedOrigin('b', missing('b'))],
      options,
    );
    await expect(readText(agreed)).rejects.toMatchObject({ code: 'ORIGIN_NOT_FOUND' });
    const split = failover(
      [scriptedOrigin('a', status(500, 'a')), scriptedOrigin('b', missing('b'))],
      options,
    );
    await expect(readText(split)).rejects.toMatchObject({ code: 'ORIGIN_STATUS', status: 500 });
    const stopped = failover([
      scriptedOrigin('a', status(500, 'a')),
      scriptedOrigin('b', missing('b')),
    ]);
    await expect(readText(stopped)).rejects.toMatchObject({ code: 'ORIGIN_STATUS', origin: 'a' });
  });

  it('does not say not found for an address that was passed over', async () => {
    const down = scriptedOrigin('a');
    down.usable = false;
    const read = readText(failover([down, scriptedOrigin('b', missing('b'))]));
    await expect(read).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE', origin: 'a' });
  });

  it('throws at once what no other address could heal', async () => {
    const other = scriptedOrigin('b');
    for (const error of [
      failure('BUCKET_REFUSED'),
      new TypeError('bug'),
      new FatalError('usage', 'x'),
    ]) {
      await expect(readText(failover([scriptedOrigin('a', error), other]))).rejects.toBe(error);
    }
    expect(other.reads()).toBe(0);
  });

  it('hands on what a reader throws, and asks another address for a broken body', async () => {
    const two = failover([scriptedOrigin('a'), scriptedOrigin('b')]);
    const bug = new RangeError('reader bug');
    await expect(two.read(request, async () => Promise.reject(bug), never())).rejects.toBe(bug);
    const readers: string[] = [];
    const value = await two.read(
      request,
      async (answer) => {
        readers.push(answer.head.origin);
        if (answer.head.origin === 'a') throw failure('LENGTH_MISMATCH', 'a');
        return text(answer);
      },
      never(),
    );
    expect([value, readers]).toEqual(['b', ['a', 'b']]);
  });

  it('asks nobody else once it is aborted', async () => {
    const abort = new AbortController();
    const other = scriptedOrigin('b');
    const both = failover([scriptedOrigin('a'), other]);
    const read = both.read(
      request,
      async () => {
        abort.abort(new Error('interrupted'));
        return Promise.reject(failure('ORIGIN_TIMEOUT', 'a'));
      },
      abort.signal,
    );
    await expect(read).rejects.toMatchObject({ code: 'ORIGIN_TIMEOUT' });
    expect(other.reads()).toBe(0);
  });

  it('lets the failure of an object stand where a probe finds an address alive', async () => {
    const [first, second] = ['a', 'b'].map((name) =>
      scriptedOrigin(name, failure('ORIGIN_TIMEOUT', name)),
    );
    if (first === undefined || second === undefined) throw new Error('two were made');
    first.dead = failure('ORIGIN_UNREACHABLE', 'a');
    await expect(readText(failover([first, second]))).rejects.toMatchObject({
      code: 'ORIGIN_TIMEOUT',
      message: 'b failed by ORIGIN_TIMEOUT (asked 2 addresses: a, b)',
    });
  });
});

describe('what failing over keeps', () => {
  const page = (text: string) => ({ headers: {}, body: new TextEncoder().encode(text) });
  const said = (code: number, origin: string) =>
    failure(code === 404 ? 'ORIGIN_NOT_FOUND' : 'ORIGIN_STATUS', origin, {
      status: code,
      answer: page(`${code} of ${origin}`),
    });

  it.each([
    ['the only one', [said(403, 'a')], 403, 'a'],
    ['the last one', [said(500, 'a'), said(502, 'b')], 502, 'b'],
    ['the last miss', [said(404, 'a'), said(404, 'b')], 404, 'b'],
    ['the one that is no miss', [said(500, 'a'), said(404, 'b')], 500, 'a'],
  ])('the answer of the address whose status is told: %s', async (_, failures, code, origin) => {
    const addresses = failures.map((error) => scriptedOrigin(String(error.origin), error));
    const read = readText(failover(addresses, { retryOn: ['4XX', '5XX'] }));
    await expect(read).rejects.toMatchObject({
      status: code,
      origin,
      answer: page(`${code} of ${origin}`),
    });
  });

  it('no answer for a failure that has no status', async () => {
    const broken = failure('LENGTH_MISMATCH', 'b');
    const cut = failover([scriptedOrigin('a', said(500, 'a')), scriptedOrigin('b', broken)]);
    await expect(readText(cut)).rejects.toMatchObject({
      code: 'LENGTH_MISMATCH',
      answer: undefined,
    });
    const down = scriptedOrigin('a');
    down.usable = false;
    const passedOver = failover([down, scriptedOrigin('b', said(404, 'b'))]);
    await expect(readText(passedOver)).rejects.toMatchObject({
      code: 'ORIGIN_UNREACHABLE',
      status: undefined,
      answer: undefined,
    });
  });

  it('a request for a range, whole, for every address; each answer goes to a reader of its own', async () => {
    const asked: unknown[] = [];
    const giving = (name: string): GuardedOrigin => ({
      ...scriptedOrigin(name),
      read: async (wanted, reader) => {
        asked.push([name, wanted.method, wanted.range, wanted.keepAnswer]);
        const answer = answerOf(name);
        const result = await reader({ ...answer, head: { ...answer.head, status: 206 } });
        if (typeof result === 'object' && result instanceof ReadAgain) throw new Error('unasked');
        return result;
      },
    });
    const wanted = { ...request, method: 'HEAD', range: 'bytes=0-0', keepAnswer: [503] } as const;
    const read = failover([], { order: () => [giving('a'), giving('b')] }).read(
      wanted,
      async ({ head, ...body }) => {
        if (head.origin === 'a') throw failure('LENGTH_MISMATCH', 'a');
        return [head.status, await text({ head, ...body })];
      },
      never(),
    );
    expect(await read).toEqual([206, 'b']);
    expect(asked).toEqual([
      ['a', 'HEAD', 'bytes=0-0', [503]],
      ['b', 'HEAD', 'bytes=0-0', [503]],
    ]);
  });
});

describe('probing all addresses of a rule', () => {
  it('is content with one that is alive', async () => {
    const [dead, alive] = [scriptedOrigin('a'), scriptedOrigin('b')];
    dead.dead = failure('ORIGIN_UNREACHABLE', 'a');
    await failover([dead, alive]).probe(never());
  });

  it('names each address with its reason when none is', async () => {
    const [one, two] = [scriptedOrigin('a'), scriptedOrigin('b')];
    one.dead = failure('ORIGIN_TIMEOUT', 'a');
    two.dead = failure('ADDRESS_REFUSED', 'b');
    await expect(failover([one, two]).probe(never())).rejects.toMatchObject({
      code: 'ORIGIN_UNREACHABLE',
      message:
        'no address of rule r answers: a failed by ORIGIN_TIMEOUT; b failed by ADDRESS_REFUSED',
    });
    one.dead = failure('ADDRESS_REFUSED', 'a');
    await expect(failover([one, two]).probe(never())).rejects.toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
  });

  it('closes every address', async () => {
    const all = [scriptedOrigin('a'), scriptedOrigin('b')];
    await failover(all).close();
    expect(all.map((origin) => origin.closed())).toEqual([true, true]);
  });
});

describe('addresses that all throttle', () => {
  const throttled = (origin: string) => status(503, origin);

  it('are waited for, with growing pauses, until one gives the object', async () => {
    const own = fakeClock();
    const one = scriptedOrigin('a', throttled('a'), throttled('a'), throttled('a'), 'ok');
    const waits: boolean[] = [];
    const onWait = (waiting: boolean): void => {
      waits.push(waiting);
    };
    const read = failover([one], { clock: own }).read({ ...request, onWait }, text, never());
    await own.advance(1000 + 2000 + 4000);
    expect(await read).toBe('a');
    expect(own.sleeps).toEqual([1000, 2000, 4000]);
    expect(waits).toEqual([true, false, true, false, true, false]);
  });

  it('are left alone for as long as they ask, up to half a minute', async () => {
    const own = fakeClock();
    const asked = (retryAfterMs: number) =>
      failure('ORIGIN_STATUS', 'a', { status: 429, retryAfterMs });
    const one = scriptedOrigin('a', asked(7000), asked(3_600_000), 'ok');
    const read = readText(failover([one], { clock: own }));
    await own.advance(7000 + 30_000);
    expect(await read).toBe('a');
    expect(own.sleeps).toEqual([7000, 30_000]);
  });

  it('fail the object, and nothing else, when they throttle for too long', async () => {
    const own = fakeClock();
    const one = scriptedOrigin('a', throttled('a'));
    const read = readText(failover([one], { clock: own, giveUpAfterMs: 5000 })).catch(
      (error: unknown) => error,
    );
    await own.advance(60_000);
    expect(await read).toMatchObject({ code: 'ORIGIN_STATUS', status: 503 });
  });

  it('do not count as throttling where one of them says something else', async () => {
    const [one, two] = [scriptedOrigin('a', throttled('a')), scriptedOrigin('b', missing('b'))];
    await expect(readText(failover([one, two]))).rejects.toMatchObject({ status: 503 });
  });
});
