import { fakeClock } from '../support/fake-clock.ts';
import { afterEach, expect, test } from 'vitest';
import { ask } from '../support/ask.ts';
import { rawConnection } from '../support/raw-connection.ts';
import { scriptedOrigin } from '../support/scripted-origin.ts';
import { type FrontUnderTest, frontUnderTest } from './front-under-test.ts';
import { until } from './spool-under-test.ts';

const LARGE = Buffer.alloc(12 * 1024 * 1024, 'a body that is larger than what sockets hold. ');

let here: FrontUnderTest;

afterEach(async () => {
  await here.close();
});

test('a client that never reads is cut off at the limit', async () => {
  here = await frontUnderTest();
  here.bucket.contents.set('large', LARGE);
  const client = await rawConnection(here.front.address.port);
  client.send('GET /large HTTP/1.1\r\nhost: x\r\n\r\n');
  await client.until('a body that');
  client.socket.pause();
  const patience = new AbortController();
  const drained = here.front.drain(patience.signal);
  patience.abort();
  await drained;
  client.socket.resume();
  await client.ended();
  expect(client.text().length).toBeLessThan(LARGE.length);
  expect(here.served).toMatchObject([{ key: 'large', cut: true }]);
});

test('a request whose fetch ended between the bucket’s answer and now looks once more', async () => {
  let reads = 0;
  let tell = (): void => undefined;
  const told = new Promise<void>((resolve) => (tell = resolve));
  here = await frontUnderTest({
    origin: scriptedOrigin([{ body: Buffer.from('hello') }]),
    seen: (bucket) => ({
      ...bucket,
      read: async (...asked) => {
        reads += 1;
        if (reads > 1) return bucket.read(...asked);
        // The bucket looked when it had nothing, and says so when it has.
        await told;
        return undefined;
      },
    }),
  });
  const first = ask(here.url, '/k');
  await until(() => reads === 1);
  expect(await ask(here.url, '/k')).toMatchObject({ status: 200, text: 'hello' });
  await here.fills.settled();
  tell();
  const answer = await first;
  expect(answer).toMatchObject({ status: 200, text: 'hello' });
  expect(answer.headers['x-bucketfill']).toBe('HIT');
  expect(here.served.map(({ neededOrigin }) => neededOrigin)).toEqual([true, false]);
});

test('a body for which the spools have no room is no bug, but 503', async () => {
  here = await frontUnderTest({
    // Of a declared length it would be passed on without a spool.
    origin: scriptedOrigin([{ body: LARGE.subarray(0, 1_000_000), framing: 'chunked' }]),
    spools: { memoryBytes: 1, diskBytes: 0 },
  });
  const answer = await ask(here.url, '/k');
  expect(answer.status).toBe(503);
  expect(answer.text).toContain('<Code>SlowDown</Code>');
});

test('an answer takes no less than nothing, though the clock on the wall is set back', async () => {
  let nowMs = 5_000_000;
  const wall = { ...fakeClock(), now: () => (nowMs -= 1_000_000) };
  const proxy = await frontUnderTest({ wall });
  await fetch(`${proxy.url}/k`);
  await expect.poll(() => proxy.served.length).toBe(1);
  expect(proxy.served[0]?.elapsedMs).toBeGreaterThanOrEqual(0);
  await proxy.close();
});
