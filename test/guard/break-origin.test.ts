import { beforeEach, describe, expect, it } from 'vitest';
import { breakOrigin } from '../../src/guard/break-origin.ts';
import { FailureWindow } from '../../src/guard/failure-window.ts';
import type { GuardedOrigin } from '../../src/guard/guarded-origin.ts';
import { watchBody } from '../../src/guard/watch-body.ts';
import { type AnswerReader, readToResult } from '../../src/model/origin.ts';
import type { BodySink } from '../../src/model/ports.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import {
  answerOf,
  deferred,
  failure,
  never,
  readText,
  request,
  scriptedOrigin,
  type ScriptedOrigin,
} from './scripted-origin.ts';

const settings = { ratio: 0.5, minimumCalls: 4, windowMs: 30_000, openMs: 20_000 };
const refused = failure('ORIGIN_UNREACHABLE', 'a');

describe('the window of failures', () => {
  it('trips at the ratio, once there are enough calls', () => {
    const window = new FailureWindow(settings, fakeClock());
    window.failure();
    window.failure();
    window.success();
    expect(window.tripped()).toBe(false);
    window.success();
    expect(window.tripped()).toBe(true);
    expect(window.describe()).toBe('50 % of 4 calls failed');
    window.success();
    expect(window.tripped()).toBe(false);
  });

  it('forgets what is older than the window, also when nothing happened meanwhile', async () => {
    const clock = fakeClock();
    const window = new FailureWindow(settings, clock);
    for (let call = 0; call < 10; call += 1) window.failure();
    await clock.advance(29_000);
    expect(window.tripped()).toBe(true);
    await clock.advance(2000);
    expect(window.tripped()).toBe(false);
    expect(window.describe()).toBe('0 % of 0 calls failed');
  });

  it('slides: calls leave it one by one', async () => {
    const clock = fakeClock();
    const window = new FailureWindow(settings, clock);
    for (let call = 0; call < 4; call += 1) {
      window.failure();
      await clock.advance(10_000);
    }
    expect(window.describe()).toMatch(/of [23] calls/);
  });

  it('is not blinded by a clock that is set back', () => {
    let now = 1_000_000;
    const window = new FailureWindow(settings, { ...fakeClock(), now: () => now });
    for (let call = 0; call < 9; call += 1) window.success();
    now -= 500_000;
    for (let call = 0; call < 4; call += 1) window.failure();
    expect(window.tripped()).toBe(true);
  });

  it('never trips without a failure, whatever the ratio', () => {
    const window = new FailureWindow({ ...settings, ratio: 0, minimumCalls: 0 }, fakeClock());
    window.success();
    expect(window.tripped()).toBe(false);
  });
});

describe('an address with a breaker', () => {
  let clock: FakeClock;
  let origin: ScriptedOrigin;
  let guarded: GuardedOrigin;
  let states: string[];

  beforeEach(() => {
    clock = fakeClock();
    states = [];
    origin = scriptedOrigin('a', refused);
    guarded = breakOrigin(origin, settings, clock, (state, reason) => {
      states.push(`${state}: ${reason}`);
    });
  });

  const fail = async () => readText(guarded).catch((error: unknown) => error);
  async function open(): Promise<void> {
    for (let call = 0; call < 4; call += 1) await fail();
  }

  it('is not asked any more once too many calls failed', async () => {
    await open();
    expect(guarded.available()).toBe(false);
    expect(guarded.retryAtMs()).toBe(clock.now() + 20_000);
    expect(await fail()).toMatchObject({ code: 'ORIGIN_UNREACHABLE', origin: 'a' });
    expect(origin.reads()).toBe(4);
    expect(states).toEqual(['open: 100 % of 4 calls failed']);
    await guarded.probe(never());
  });

  it('lets one call try it after a while, keeps the others away, and closes when that is good', async () => {
    await open();
    await clock.advance(19_999);
    expect(guarded.available()).toBe(false);
    await clock.advance(1);
    expect(guarded.available()).toBe(true);
    const gate = deferred();
    origin.script(gate.promise);
    const trying = readText(guarded);
    expect(guarded.available()).toBe(false);
    expect(await fail()).toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
    expect(origin.reads()).toBe(5);
    gate.resolve();
    expect(await trying).toBe('a');
    expect(guarded.available()).toBe(true);
    expect(states.map((state) => state.split(':')[0])).toEqual(['open', 'half-open', 'closed']);
  });

  it('starts with an empty window after it closed', async () => {
    await open();
    await clock.advance(20_000);
    origin.script('ok');
    await readText(guarded);
    origin.script(refused);
    for (let call = 0; call < 3; call += 1) await fail();
    expect(guarded.available()).toBe(true);
    await fail();
    expect(guarded.available()).toBe(false);
  });

  it('stays open as long again when the call that tries it fails', async () => {
    await open();
    await clock.advance(20_000);
    await fail();
    expect(guarded.available()).toBe(false);
    expect(guarded.retryAtMs()).toBe(clock.now() + 20_000);
    expect(states.at(-1)).toContain('open: the request that tried it failed: a failed by');
  });

  it('closes when the call that tries it is told that there is no such object', async () => {
    await open();
    await clock.advance(20_000);
    origin.script(failure('ORIGIN_NOT_FOUND', 'a', { status: 404 }));
    await fail();
    expect(guarded.available()).toBe(true);
  });

  it('may be tried again at once when the call that tried it was aborted', async () => {
    await open();
    await clock.advance(20_000);
    const abort = new AbortController();
    const gate = deferred();
    origin.script(gate.promise);
    const trying = readText(guarded, abort.signal).catch((error: unknown) => error);
    abort.abort();
    gate.reject(failure('ORIGIN_UNREACHABLE'));
    await trying;
    expect(states.at(-1)).toContain('open: ');
    expect(guarded.available()).toBe(true);
  });

  it('is tried again when Retry-After is over where it asked to slow down', async () => {
    await open();
    await clock.advance(20_000);
    origin.script(failure('ORIGIN_STATUS', 'a', { status: 503, retryAfterMs: 5000 }));
    await fail();
    expect(guarded.retryAtMs()).toBe(clock.now() + 5000);
  });

  it('closes when the call that tries it answered and its consumer failed', async () => {
    await open();
    await clock.advance(20_000);
    origin.script('ok');
    const rejecting: AnswerReader<never> = async () =>
      Promise.reject(failure('CONTENT_REJECTED', 'a'));
    await expect(guarded.read(request, rejecting, never())).rejects.toThrow();
    expect(states.at(-1)).toContain('closed: ');
    expect(guarded.available()).toBe(true);
  });

  it('does not wait for the end of a large body that keeps flowing', async () => {
    await open();
    await clock.advance(20_000);
    origin.script('ok');
    const end = deferred<string>();
    const trying = guarded.read(request, async () => end.promise, never());
    await clock.advance(19_000);
    expect(guarded.available()).toBe(false);
    await clock.advance(1000);
    guarded.available();
    await clock.settle();
    expect(guarded.available()).toBe(true);
    end.resolve('whole');
    expect(await trying).toBe('whole');
    expect(states.at(-1)).toContain('closed');
  });

  it('is not disturbed by calls that began before it opened', async () => {
    const gates = [deferred(), deferred()];
    origin.script(...gates.map(({ promise }) => promise), refused);
    const late = [fail(), fail()];
    await open();
    await clock.advance(20_000);
    const probe = deferred();
    origin.script(probe.promise);
    const trying = readText(guarded);
    for (const gate of gates) gate.reject(refused);
    await Promise.all(late);
    expect(states).toHaveLength(2);
    probe.resolve();
    await trying;
    expect(guarded.available()).toBe(true);
  });

  it.each([
    failure('ORIGIN_NOT_FOUND', 'a', { status: 404 }),
    failure('ORIGIN_STATUS', 'a', { status: 403 }),
    failure('ORIGIN_STATUS', 'a', { status: 503 }),
    failure('BUCKET_UNREACHABLE', 'a'),
    new DOMException('aborted', 'AbortError'),
  ])('stays closed through any number of %s', async (error) => {
    origin.script(error);
    for (let call = 0; call < 50; call += 1) expect(await fail()).toBe(error);
    expect(states).toEqual([]);
  });

  it('counts HEAD and ranges like any other call, and lets neither through while it is open', async () => {
    const calls = [{ method: 'HEAD' }, { range: 'bytes=0-1' }] as const;
    const call = (change: (typeof calls)[number]) =>
      guarded.read({ ...request, ...change }, () => Promise.resolve(), never());
    for (const change of [...calls, ...calls]) await expect(call(change)).rejects.toBe(refused);
    expect(states).toEqual(['open: 100 % of 4 calls failed']);
    for (const change of calls) await expect(call(change)).rejects.toThrow('was not asked');
    expect(origin.reads()).toBe(4);
  });

  it('stays closed where HEAD is not allowed', async () => {
    origin.script(failure('ORIGIN_STATUS', 'a', { status: 405 }));
    for (let call = 0; call < 50; call += 1) await fail();
    expect(states).toEqual([]);
  });

  it('counts a consumer that fails neither for nor against it', async () => {
    for (let call = 0; call < 3; call += 1) await fail();
    origin.script(failure('BUCKET_UNREACHABLE', 'a'));
    for (let call = 0; call < 50; call += 1) await fail();
    origin.script(refused);
    await fail();
    expect(states).toEqual(['open: 100 % of 4 calls failed']);
  });

  it('counts a cut body against it, and a whole one that a list declared otherwise for it', async () => {
    const mismatch = failure('LENGTH_MISMATCH', 'a');
    origin.script('ok');
    const declared: AnswerReader<void> = async (answer) => {
      await answer.pipeTo(() => undefined);
      throw mismatch;
    };
    for (let call = 0; call < 9; call += 1) {
      await guarded.read(request, declared, never()).catch(() => undefined);
    }
    expect(guarded.available()).toBe(true);
    const cut = breakOrigin(
      {
        ...origin,
        read: async (_request, reader) =>
          readToResult(
            (asked) => asked(answerOf('a', { pipeTo: async () => Promise.reject(mismatch) })),
            reader,
          ),
      },
      settings,
      clock,
      () => undefined,
    );
    for (let call = 0; call < 4; call += 1) {
      await cut.read(request, declared, never()).catch(() => undefined);
    }
    expect(cut.available()).toBe(false);
  });
});

describe('a watched body', () => {
  const cut = failure('LENGTH_MISMATCH');
  const rejecting: BodySink = async () => Promise.reject(new Error('disk full'));
  it.each([
    ['its own failure', async () => Promise.reject(cut), () => undefined, true],
    ['a sink that throws', undefined, throwing, false],
    ['a sink that rejects', undefined, rejecting, false],
    ['a clean end', undefined, async () => Promise.resolve(), false],
  ])('tells a broken body from %s', async (_name, pipeTo, sink, broken) => {
    let told = false;
    const answer = watchBody(answerOf('a', pipeTo === undefined ? {} : { pipeTo }), () => {
      told = true;
    });
    await answer.pipeTo(sink).catch(() => undefined);
    expect(told).toBe(broken);
  });

  it('tells of a buffered body that breaks', async () => {
    let told = false;
    const answer = watchBody(answerOf('a', { bytes: async () => Promise.reject(cut) }), () => {
      told = true;
    });
    await expect(answer.bytes(1)).rejects.toBe(cut);
    expect(told).toBe(true);
  });
});

function throwing(): void {
  throw new Error('no room');
}
