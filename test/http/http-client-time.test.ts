import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';

import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { request, testClient, type TestClient } from '../support/fault-origin-client.ts';

let origin: FaultOrigin;
let client: TestClient;
const never = new AbortController().signal;
/** For those that do not time the connecting, which takes long on a busy machine. */
const timeouts = { connectMs: 2000, firstByteMs: 120, idleMs: 120 };
const briefConnect = { ...timeouts, connectMs: 120 };

beforeEach(async () => {
  origin = await faultOrigin();
  client = testClient({ timeouts });
});

afterEach(async () => {
  await client.close();
  await origin.close();
});

async function timed(work: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const start = performance.now();
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, ms: performance.now() - start };
}

const readAll = (path: string): Promise<Uint8Array> =>
  client.exchange(request(origin.url + path), (response) => response.bytes(1_000_000), never);

describe('timeouts', () => {
  it('end a request whose answer does not begin, saying which and how long', async () => {
    origin.script('/o', { cutHead: { afterBytes: 0, how: 'stall' } });
    const { error, ms } = await timed(readAll('/o'));
    expect(error).toMatchObject({
      code: 'ORIGIN_TIMEOUT',
      message: `GET ${origin.url}/o: no answer within 120ms (timeouts.firstByte)`,
    });
    expect(ms).toBeGreaterThan(100);
    expect(ms).toBeLessThan(700);
  });

  it('end a request whose head trickles in for too long', async () => {
    origin.script('/o', { cutHead: { afterBytes: 12, how: 'stall' } });
    expect((await timed(readAll('/o'))).error).toMatchObject({ code: 'ORIGIN_TIMEOUT' });
  });

  it.each(['length', 'chunked', 'close'] as const)(
    'end a %s body that stalls, telling how far it came',
    async (framing) => {
      const body = 'x'.repeat(100);
      origin.script('/o', { body, framing, cutBody: { afterBytes: 60, how: 'stall' } });
      const { error, ms } = await timed(readAll('/o'));
      expect(error).toMatchObject({
        code: 'ORIGIN_TIMEOUT',
        message: `GET ${origin.url}/o: the body stalled for 120ms (timeouts.idle) after 60 bytes`,
      });
      expect(ms).toBeLessThan(700);
    },
  );

  it('leave a body alone that is slow as a whole but never idle', async () => {
    origin.script('/o', { body: 'x'.repeat(8), drip: { bytes: 1, everyMs: 40 } });
    expect((await readAll('/o')).length).toBe(8);
  });

  it('do not count the time that our own sink takes', async () => {
    origin.script('/o', { body: 'x'.repeat(600_000) });
    const length = await client.exchange(
      request(`${origin.url}/o`),
      async (response) => {
        let waits = 2;
        return response.pipeTo(() => (waits-- > 0 ? sleep(300) : undefined));
      },
      never,
    );
    expect(length).toBe(600_000);
  });

  it('do not count the time of a sink that follows a wait for the origin', async () => {
    origin.script('/o', { body: 'abcdef', drip: { bytes: 1, everyMs: 50 } });
    const length = await client.exchange(
      request(`${origin.url}/o`),
      (response) => {
        let waits = 1;
        return response.pipeTo(() => (waits-- > 0 ? sleep(250) : undefined));
      },
      never,
    );
    expect(length).toBe(6);
  });

  it('do not count the time before a reader reads', async () => {
    origin.script('/o', { body: 'x'.repeat(600_000) });
    const bytes = await client.exchange(
      request(`${origin.url}/o`),
      async (response) => {
        await sleep(300);
        return response.bytes(600_000);
      },
      never,
    );
    expect(bytes.length).toBe(600_000);
  });

  it('count a stall that comes after a slow sink', async () => {
    origin.script('/o', { body: 'x'.repeat(9), cutBody: { afterBytes: 5, how: 'stall' } });
    const piping = client.exchange(
      request(`${origin.url}/o`),
      (response) => response.pipeTo(() => sleep(250)),
      never,
    );
    const { error, ms } = await timed(piping);
    expect(error).toMatchObject({ code: 'ORIGIN_TIMEOUT' });
    expect(ms).toBeGreaterThan(340);
  });

  it('end a connection that is not made', async () => {
    // Nobody answers the resolver, which is where connecting begins.
    client = testClient({ timeouts: briefConnect, resolve: () => undefined });
    const { error, ms } = await timed(
      client.exchange(request('http://a.example/x'), () => Promise.resolve(), never),
    );
    expect(error).toMatchObject({
      code: 'ORIGIN_TIMEOUT',
      message: 'http://a.example: no connection within 120ms (timeouts.connect)',
    });
    expect(ms).toBeLessThan(700);
  });

  it('do not count the wait for a free connection', async () => {
    client = testClient({ timeouts: briefConnect, connections: 1 });
    origin.script('/slow', { body: 'xxxxxx', drip: { bytes: 1, everyMs: 50 } });
    origin.script('/fast', { body: 'y' });
    const [slow, fast] = await Promise.all([readAll('/slow'), readAll('/fast')]);
    expect([slow.length, fast.length]).toEqual([6, 1]);
    expect(origin.connections()).toBe(1);
  });
});

describe('an abort', () => {
  const reason = new Error('the run was interrupted');

  it.each([
    ['before the head', '/head'],
    ['in the body', '/body'],
  ])('ends an exchange %s with its own reason', async (_, path) => {
    client = testClient();
    origin.script('/head', { cutHead: { afterBytes: 0, how: 'stall' } });
    origin.script('/body', { body: 'hello', cutBody: { afterBytes: 2, how: 'stall' } });
    const stop = new AbortController();
    const reading = client.exchange(
      request(origin.url + path),
      (response) => response.bytes(9),
      stop.signal,
    );
    setTimeout(() => {
      stop.abort(reason);
    }, 30);
    await expect(reading).rejects.toBe(reason);
  });

  it('ends a connection attempt and a wait for a connection', async () => {
    client = testClient({ connections: 1, resolve: () => undefined });
    const stop = new AbortController();
    const asking = [1, 2].map(() =>
      client.exchange(request('http://a.example/'), () => Promise.resolve(), stop.signal),
    );
    setTimeout(() => {
      stop.abort(reason);
    }, 20);
    for (const one of asking) await expect(one).rejects.toBe(reason);
  });

  it('that came first sends nothing', async () => {
    const reading = client.exchange(
      request(`${origin.url}/o`),
      () => Promise.resolve(),
      AbortSignal.abort(reason),
    );
    await expect(reading).rejects.toBe(reason);
    expect(origin.requests).toEqual([]);
  });
});
