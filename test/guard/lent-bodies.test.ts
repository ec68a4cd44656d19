import { describe, expect, it } from 'vitest';

import { paceBody } from '../../src/guard/pace-body.ts';
import { watchBody } from '../../src/guard/watch-body.ts';
import { lendBody } from '../../src/model/lend-body.ts';
import type { OriginAnswer } from '../../src/model/origin.ts';
import type { BodySink } from '../../src/model/ports.ts';
import { answerOf } from './scripted-origin.ts';

const LENT = Buffer.from('lent');
const PIPED = Buffer.from('piped');

type Lend = (sink: BodySink) => Promise<number>;

/** An answer that says by its bytes how it was read. */
function answer(lendTo?: Lend): OriginAnswer {
  const { head } = answerOf('a');
  const bytes = () => Promise.resolve(PIPED);
  const pipeTo = async (sink: BodySink): Promise<number> => {
    await sink(PIPED);
    return PIPED.length;
  };
  return lendTo === undefined ? { head, bytes, pipeTo } : { head, bytes, pipeTo, lendTo };
}

const lending: Lend = async (sink) => {
  await sink(LENT);
  return LENT.length;
};

const guards = {
  paced: (inner: OriginAnswer) => paceBody(inner, () => undefined),
  watched: (inner: OriginAnswer) => watchBody(inner, () => undefined),
};

describe.each(Object.entries(guards))('a %s body', (_name, guard) => {
  it('is lent where the body behind can be', async () => {
    const got: Uint8Array[] = [];
    expect(await lendBody(guard(answer(lending)), (chunk) => void got.push(chunk))).toBe(4);
    expect(got).toEqual([LENT]);
  });

  it('is piped where it can’t', async () => {
    const got: Uint8Array[] = [];
    expect(await lendBody(guard(answer()), (chunk) => void got.push(chunk))).toBe(5);
    expect(got).toEqual([PIPED]);
  });
});

it('a lent chunk is paid for before it is passed on, and kept meanwhile', async () => {
  const trail: string[] = [];
  let pay: (() => void) | undefined;
  const paid = new Promise<void>((resolve) => (pay = resolve));
  const inner = answer(async (sink) => {
    const busy = sink(LENT);
    trail.push(busy === undefined ? 'done with' : 'kept');
    await busy;
    return 4;
  });
  const passing = lendBody(
    paceBody(inner, (bytes) => {
      trail.push(`pay ${bytes}`);
      return paid;
    }),
    () => void trail.push('passed on'),
  );
  pay?.();
  await passing;
  expect(trail).toEqual(['pay 4', 'kept', 'passed on']);
});

describe('a watched body that is lent', () => {
  const told = async (inner: OriginAnswer, sink: BodySink): Promise<boolean> => {
    let isTold = false;
    const watched = watchBody(inner, () => (isTold = true));
    await expect(lendBody(watched, sink)).rejects.toThrow();
    return isTold;
  };

  it('tells that it broke', async () => {
    const broken = answer(() => Promise.reject(new Error('cut')));
    expect(await told(broken, () => undefined)).toBe(true);
  });

  it('does not tell what its sink throws, at once or later', async () => {
    const full = new Error('disk full');
    expect(
      await told(answer(lending), () => {
        throw full;
      }),
    ).toBe(false);
    expect(await told(answer(lending), () => Promise.reject(full))).toBe(false);
  });
});
