import { afterEach, expect, test } from 'vitest';
import { ask } from '../support/ask.ts';
import { rawConnection } from '../support/raw-connection.ts';
import { scriptedOrigin } from '../support/scripted-origin.ts';
import { type FrontUnderTest, frontUnderTest } from './front-under-test.ts';

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
  let answerSecond = (): void => undefined;
  const gate = new Promise<void>((resolve) => (answerSecond = resolve));
  here = await frontUnderTest({
    origin: scriptedOrigin([{ body: Buffer.from('hello') }]),
    seen: (bucket) => ({
      ...bucket,
      read: async (...asked) => {
        reads += 1;
        const found = await bucket.read(...asked);
        if (reads === 2) await gate;
        return found;
      },
    }),
  });
  const second = (async () => {
    while (reads === 0) await new Promise((resolve) => setImmediate(resolve));
    return ask(here.url, '/k');
  })();
  // The first read is held back until the second one has its answer: nothing is there.
  const first = await ask(here.url, '/k');
  expect(first).toMatchObject({ status: 200, text: 'hello' });
  await here.fills.settled();
  answerSecond();
  expect(await second).toMatchObject({ status: 200, text: 'hello' });
});

test('a body for which the spools have no room is no bug, but 503', async () => {
  here = await frontUnderTest({
    origin: scriptedOrigin([{ body: LARGE.subarray(0, 1_000_000) }]),
    spools: { memoryBytes: 1, diskBytes: 0 },
  });
  const answer = await ask(here.url, '/k');
  expect(answer.status).toBe(503);
  expect(answer.text).toContain('<Code>SlowDown</Code>');
});
