import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';

import { collectGarbage } from '../../src/cli/collect-garbage.ts';

it('what nobody has any more is gone', async () => {
  const left = (): WeakRef<SharedArrayBuffer> => new WeakRef(new SharedArrayBuffer(1024));
  const memory = left();
  // What a turn saw of a weak reference stays until the turn is over.
  await turn();
  collectGarbage();
  expect(memory.deref()).toBeUndefined();
});
