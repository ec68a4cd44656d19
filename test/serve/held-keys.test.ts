import { beforeEach, describe, expect, it } from 'vitest';

import type { Claims } from '../../src/model/claims.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { HeldKeys } from '../../src/serve/held-keys.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { memoryClaims } from '../support/memory-claims.ts';

const KEY = objectKey('a/large.bin');
const OTHER = objectKey('b/large.bin');

let clock: FakeClock;
/** Of another process. */
let theirs: Claims;
let looks: number;
let held: HeldKeys;

beforeEach(() => {
  clock = fakeClock();
  const all = memoryClaims();
  theirs = all.open().claims;
  const ours = all.open().claims;
  looks = 0;
  const claims: Claims = {
    ...ours,
    heldByOthers: () => {
      looks += 1;
      return ours.heldByOthers();
    },
  };
  const drain = new AbortController().signal;
  held = new HeldKeys({ claims, owner: 'serve', steadyClock: clock, drain });
});

describe('whether another process is at work on a key', () => {
  it('is looked up, and then known at once for a moment', async () => {
    expect(await held.isHeld(KEY)).toBe(false);
    expect(held.isHeld(KEY)).toBe(false);
    expect(held.isHeld(OTHER)).toBe(false);
    expect(looks).toBe(1);
    await clock.advance(50);
    expect(await held.isHeld(KEY)).toBe(false);
    expect(looks).toBe(2);
  });

  it('is known soon after that process began', async () => {
    expect(await held.isHeld(KEY)).toBe(false);
    await theirs.claim(KEY, 'migrate');
    await clock.advance(50);
    expect(await held.isHeld(KEY)).toBe(true);
    expect(await held.isHeld(OTHER)).toBe(false);
  });

  it('is no longer so as soon as that process is done', async () => {
    await theirs.claim(KEY, 'migrate');
    expect(await held.isHeld(KEY)).toBe(true);
    await theirs.release(KEY, 'migrate');
    expect(await held.isHeld(KEY)).toBe(false);
  });

  it('does not count what this process itself is at work on', async () => {
    await held.own.claim(KEY);
    expect(await held.isHeld(KEY)).toBe(false);
  });
});
