import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { UnderWay } from '../../src/serve/under-way.ts';

describe('requests under way', () => {
  const watched = (waiting: Promise<void>) => {
    const seen = { isOver: false };
    const whole = waiting.then(() => {
      seen.isOver = true;
    });
    return { seen, whole };
  };

  it('are over at once where there are none', async () => {
    const underWay = new UnderWay();
    await underWay.now();
    underWay.begin().end();
    await underWay.now();
  });

  it('are waited for up to the last, and those that come later are not', async () => {
    const underWay = new UnderWay();
    const [first, second] = [underWay.begin(), underWay.begin()];
    const { seen, whole } = watched(underWay.now());
    const later = underWay.begin();
    first.end();
    await turn();
    expect(seen.isOver).toBe(false);
    second.end();
    await whole;
    later.end();
  });

  it('are waited for by whoever asks again later', async () => {
    const underWay = new UnderWay();
    const old = underWay.begin();
    const { whole: one } = watched(underWay.now());
    const young = underWay.begin();
    const { seen, whole: other } = watched(underWay.now());
    young.end();
    await turn();
    expect(seen.isOver).toBe(false);
    old.end();
    await Promise.all([one, other]);
  });
});
