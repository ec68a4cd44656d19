import { expect, it } from 'vitest';
import { failoverOrigin } from '../../src/guard/failover-origin.ts';
import type { GuardedOrigin } from '../../src/guard/guarded-origin.ts';
import type { FailureCode } from '../../src/model/failure.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { failure, never, readText, scriptedOrigin } from './scripted-origin.ts';

/** An address that fails each read with `code`, is shut by it, and may be asked again a second later. */
function shutByEachRead(code: FailureCode) {
  const clock = fakeClock();
  const origin = scriptedOrigin('a', failure(code, 'a'));
  let shutUntilMs = 0;
  const address: GuardedOrigin = {
    ...origin,
    available: () => clock.now() >= shutUntilMs,
    retryAtMs: () => shutUntilMs,
    read: (request, reader, signal) => {
      shutUntilMs = clock.now() + 1000;
      return origin.read(request, reader, signal);
    },
  };
  const rule = failoverOrigin({
    ...{ name: 'rule r', order: () => [address], maxAddresses: 3, retryOn: ['5XX'] },
    ...{ neverRetryOn: [], giveUpAfterMs: 600_000, clock, drain: never() },
  });
  return { rule, origin, clock };
}

it('a key that shuts its address again and again fails, and does not wait for it for ever', async () => {
  const { rule, origin, clock } = shutByEachRead('LENGTH_MISMATCH');
  const read = readText(rule).catch((error: unknown) => error);
  await clock.advance(600_000);
  await rule.close();
  expect(await read).toMatchObject({ code: 'LENGTH_MISMATCH' });
  expect(origin.reads()).toBe(4);
});

it('a key waits for no address whose failure another try would not heal', async () => {
  const { rule, origin, clock } = shutByEachRead('REDIRECT_REFUSED');
  const read = readText(rule).catch((error: unknown) => error);
  await clock.settle();
  expect(clock.sleepers()).toBe(0);
  expect(await read).toMatchObject({ code: 'REDIRECT_REFUSED' });
  expect(origin.reads()).toBe(1);
});
