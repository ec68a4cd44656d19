import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Failure } from '../../src/model/failure.ts';
import type { Headers } from '../../src/model/ports.ts';
import type { S3Response, S3Store } from '../../src/s3/s3-store.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { loopbackTls } from '../support/loopback-tls.ts';
import { errorXml, getRequest, NEVER, storeUnderTest } from './store-under-test.ts';

let origin: FaultOrigin;

beforeEach(async () => {
  origin = await faultOrigin();
});
afterEach(async () => {
  await origin.close();
});

const text = async (response: S3Response): Promise<string> =>
  Buffer.from(await response.bytes(1_000_000)).toString();

const read = (store: S3Store, key = 'k'): Promise<string> =>
  store.send(getRequest(key), text, NEVER);

const sentHeaders = (): Headers => origin.requests[0]?.headers ?? {};

const ENDLESS = { status: 503, body: errorXml('SlowDown') };

describe('a request', () => {
  it('is signed, over all of its headers, and answered', async () => {
    origin.script('/b/a%20b?x=', { body: 'bytes' });
    const { store } = storeUnderTest(origin.url);
    const request = getRequest('a b', { query: [['x', '']], headers: { range: 'bytes=0-4' } });
    const attempts = await store.send(request, (given) => Promise.resolve(given.attempts), NEVER);
    expect(attempts).toBe(1);
    expect(store.requests()).toBe(1);
    const [sent] = origin.requests;
    expect(sent?.headers).toMatchObject({ 'x-amz-date': '20261120T040000Z', range: 'bytes=0-4' });
    expect(sent?.headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AK\/20261120\/us-east-1\/s3\/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=[\da-f]{64}$/,
    );
  });

  it('is not signed where there are no keys', async () => {
    origin.script('/b/k', { body: 'x' });
    await read(storeUnderTest(origin.url, { keys: undefined }).store);
    const names = Object.keys(origin.requests[0]?.headers ?? {});
    expect(names.filter((name) => /^(x-amz|auth)/.test(name))).toEqual([]);
  });

  it('says who pays where that is wanted, and signs it', async () => {
    origin.script('/b/k', { body: 'x' });
    await read(storeUnderTest(origin.url, { requesterPays: true }).store);
    const headers = sentHeaders();
    expect(headers['x-amz-request-payer']).toBe('requester');
    expect(headers['authorization']).toContain('x-amz-request-payer');
  });

  it('with a session token carries and signs it', async () => {
    origin.script('/b/k', { body: 'x' });
    const keys = { accessKeyId: 'AK', secretAccessKey: 'SK', sessionToken: 'tok' };
    await read(storeUnderTest(origin.url, { keys: () => Promise.resolve(keys) }).store);
    const headers = sentHeaders();
    expect(headers['x-amz-security-token']).toBe('tok');
    expect(headers['authorization']).toContain('x-amz-date;x-amz-security-token,');
  });

  it('signs its body over http, and leaves that to TLS over https', async () => {
    const put = getRequest('k', { method: 'PUT', body: Buffer.from('body') });
    origin.script('/b/k', { body: '' });
    await storeUnderTest(origin.url).store.send(put, text, NEVER);
    expect(origin.requests[0]?.headers['x-amz-content-sha256']).toBe(
      createHash('sha256').update('body').digest('hex'),
    );
    const { server, ca } = loopbackTls();
    const secure = await faultOrigin({ tls: server });
    secure.script('/b/k', { body: '' });
    const identity = { ca };
    const { store } = storeUnderTest(secure.url, { identity });
    await store.send(put, text, NEVER);
    await store.send(getRequest('k'), text, NEVER);
    const hashes = secure.requests.map(({ headers }) => headers['x-amz-content-sha256']);
    expect(hashes[0]).toBe('UNSIGNED-PAYLOAD');
    expect(hashes[1]).toMatch(/^e3b0c442/);
    expect(secure.requests[0]?.body.toString()).toBe('body');
    expect(secure.requests[0]?.headers['transfer-encoding']).toBeUndefined();
    await secure.close();
  });

  it('of HEAD uses its connection again', async () => {
    origin.script('/b/k', { body: 'x'.repeat(5000) });
    const { store } = storeUnderTest(origin.url);
    for (let turn = 0; turn < 5; turn += 1) {
      const head = await store.send(
        getRequest('k', { method: 'HEAD' }),
        (response) => Promise.resolve(response.length),
        NEVER,
      );
      expect(head).toBe(5000);
    }
    expect(await read(store)).toHaveLength(5000);
    expect(origin.connections()).toBe(1);
  });

  it.each([304, 206, 204])('answered with %d is answered', async (status) => {
    origin.script('/b/k', { status });
    const { store } = storeUnderTest(origin.url);
    const given = await store.send(
      getRequest('k'),
      (answer) => Promise.resolve(answer.status),
      NEVER,
    );
    expect(given).toBe(status);
  });
});

describe('a failed request', () => {
  it('is made again as often as set, after the wait that is set, then told with its attempts', async () => {
    origin.script('/b/k', { ...ENDLESS, headers: { 'retry-after': '9' } });
    const { store, waits } = storeUnderTest(origin.url);
    await expect(read(store)).rejects.toMatchObject({
      name: 'S3Error',
      code: 'SlowDown',
      attempts: 3,
      retryAfterMs: 9000,
    });
    expect(waits).toEqual([
      [1, 9000],
      [2, 9000],
    ]);
    expect(store.requests()).toBe(3);
    expect(origin.requests).toHaveLength(3);
  });

  it.each([
    ['a 500', { status: 500 }],
    ['a throttle', ENDLESS],
    ['a connection that ends', { cutHead: { afterBytes: 0, how: 'end' } }],
    ['a connection that is reset', { cutHead: { afterBytes: 10, how: 'reset' } }],
    ['an error whose body is cut', { ...ENDLESS, cutBody: { afterBytes: 5, how: 'end' } }],
  ] as const)('by %s succeeds the next time, whatever its method', async (_, answer) => {
    origin.script('/b/k', [answer, { body: 'fine' }]);
    const { store } = storeUnderTest(origin.url);
    const put = getRequest('k', { method: 'PUT', body: Buffer.from('same body') });
    const attempts = await store.send(put, ({ attempts: made }) => Promise.resolve(made), NEVER);
    expect(attempts).toBe(2);
    expect(origin.requests.map(({ body }) => body.toString())).toEqual(['same body', 'same body']);
  });

  it.each([
    [404, 'NoSuchKey'],
    [403, 'AccessDenied'],
    [412, 'PreconditionFailed'],
    [501, 'NotImplemented'],
  ])('by %d %s is not made again', async (status, code) => {
    origin.script('/b/k', { status, body: errorXml(code) });
    const { store } = storeUnderTest(origin.url);
    await expect(read(store)).rejects.toMatchObject({ name: 'S3Error', status, code, attempts: 1 });
    expect(origin.requests).toHaveLength(1);
  });

  it('is told by its status where the body of the refusal is cut', async () => {
    const cutBody = { afterBytes: 5, how: 'end' } as const;
    origin.script('/b/k', { status: 404, body: errorXml('NoSuchKey'), cutBody });
    const { store } = storeUnderTest(origin.url);
    await expect(read(store)).rejects.toMatchObject({ code: 'NotFound', attempts: 1 });
  });

  it('to a port where nobody listens is a failure of the network', async () => {
    const { store, waits } = storeUnderTest(origin.url);
    await origin.close();
    await expect(read(store)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
    expect(waits).toHaveLength(2);
  });

  it('is not made again once its reader has the answer', async () => {
    origin.script('/b/k', { body: 'x'.repeat(100), cutBody: { afterBytes: 10, how: 'end' } });
    const { store } = storeUnderTest(origin.url);
    await expect(read(store)).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
    const own = new Failure('ORIGIN_UNREACHABLE', 'the reader itself');
    await expect(store.send(getRequest('k'), () => Promise.reject(own), NEVER)).rejects.toBe(own);
    expect(origin.requests).toHaveLength(2);
  });

  it('is given up at once when its signal aborts, for its reason', async () => {
    origin.script('/b/k', ENDLESS);
    const controller = new AbortController();
    const { store } = storeUnderTest(origin.url, {
      clock: {
        now: () => Date.UTC(2026, 10, 20),
        sleep: (_, signal) => {
          controller.abort('SIGINT');
          signal.throwIfAborted();
          return Promise.resolve();
        },
      },
    });
    await expect(store.send(getRequest('k'), text, controller.signal)).rejects.toBe('SIGINT');
    expect(origin.requests).toHaveLength(1);
    const waiting = new AbortController();
    origin.script('/b/slow', { cutHead: { afterBytes: 0, how: 'stall' } });
    const sending = store.send(getRequest('slow'), text, waiting.signal);
    setTimeout(() => {
      waiting.abort('SIGTERM');
    }, 20);
    await expect(sending).rejects.toBe('SIGTERM');
  });

  it('signs anew each time', async () => {
    origin.script('/b/k', [ENDLESS, { body: 'x' }]);
    let nowMs = Date.UTC(2026, 10, 20);
    const clock = {
      now: () => nowMs,
      sleep: () => {
        nowMs += 60_000;
        return Promise.resolve();
      },
    };
    await read(storeUnderTest(origin.url, { clock }).store);
    const dates = origin.requests.map(({ headers }) => headers['x-amz-date']);
    expect(dates).toEqual(['20261120T000000Z', '20261120T000100Z']);
  });
});

describe('a clock that differs', () => {
  const date = 'Fri, 20 Nov 2026 05:00:00 GMT';
  const skewed = {
    status: 403,
    body: errorXml('RequestTimeTooSkewed'),
    headers: { date },
  };

  it("is corrected from the store's date, once, and remembered", async () => {
    origin.script('/b/k', [skewed, { body: 'x' }]);
    const { store, waits } = storeUnderTest(origin.url);
    expect(await read(store)).toBe('x');
    expect(await read(store)).toBe('x');
    const dates = origin.requests.map(({ headers }) => headers['x-amz-date']);
    expect(dates).toEqual(['20261120T040000Z', '20261120T050000Z', '20261120T050000Z']);
    expect(waits).toEqual([]);
  });

  it('is told where the correction does not help', async () => {
    origin.script('/b/k', skewed);
    const { store } = storeUnderTest(origin.url);
    await expect(read(store)).rejects.toMatchObject({ code: 'RequestTimeTooSkewed', attempts: 2 });
  });

  it('is suspected after a bare 403, and believed in only after a success', async () => {
    const bare = { status: 403, headers: { date } };
    origin.script('/b/denied', bare);
    origin.script('/b/k', [bare, { body: 'x' }]);
    origin.script('/b/next', { body: 'x' });
    const { store } = storeUnderTest(origin.url);
    await expect(read(store, 'denied')).rejects.toMatchObject({ code: 'AccessDenied' });
    expect(await read(store)).toBe('x');
    expect(await read(store, 'next')).toBe('x');
    const dates = origin.requests.map(({ headers }) => headers['x-amz-date']?.slice(9, 11));
    expect(dates).toEqual(['04', '05', '04', '05', '05']);
  });
});

describe('a bucket in another region', () => {
  const regionOf = (index: number): string | undefined =>
    origin.requests[index]?.headers['authorization']?.split('/')[2];

  it.each([
    [
      'in the body',
      'GET',
      { status: 400, body: errorXml('AuthorizationHeaderMalformed', '<Region>eu-west-3</Region>') },
    ],
    ['in the head', 'HEAD', { status: 301, headers: { 'x-amz-bucket-region': 'eu-west-3' } }],
    [
      'in the head of a 400',
      'HEAD',
      { status: 400, headers: { 'x-amz-bucket-region': 'eu-west-3' } },
    ],
  ] as const)('is found where its region stands %s, and remembered', async (_, method, answer) => {
    origin.script('/b/k', { get: [answer, { body: 'x' }], head: [answer, { body: 'x' }] });
    const { store } = storeUnderTest(origin.url);
    const status = await store.send(
      getRequest('k', { method }),
      (response) => Promise.resolve(response.status),
      NEVER,
    );
    expect(status).toBe(200);
    origin.script('/b/next', { body: 'y' });
    await read(store, 'next');
    expect([0, 1, 2].map(regionOf)).toEqual(['us-east-1', 'eu-west-3', 'eu-west-3']);
  });

  it('that leads round in a circle is told after one correction', async () => {
    origin.script('/b/k', [
      { status: 301, headers: { 'x-amz-bucket-region': 'eu-west-3' } },
      { status: 301, headers: { 'x-amz-bucket-region': 'us-east-1' } },
    ]);
    const { store } = storeUnderTest(origin.url);
    await expect(read(store)).rejects.toMatchObject({ code: 'PermanentRedirect', attempts: 2 });
  });

  it('at a foreign host is told, and that host is never asked', async () => {
    const foreign = await faultOrigin();
    origin.script('/b/k', { status: 307, headers: { location: `${foreign.url}/b/k` } });
    const { store } = storeUnderTest(origin.url);
    await expect(read(store)).rejects.toMatchObject({
      code: 'TemporaryRedirect',
      endpoint: `127.0.0.1:${String(foreign.port)}`,
    });
    expect(foreign.requests).toHaveLength(0);
    await foreign.close();
  });
});

describe('the regions of AWS', () => {
  it('have hosts of their own, which are asked once the region is known', async () => {
    const hosts: string[] = [];
    const { store } = storeUnderTest('', {
      endpoint: undefined,
      pathStyle: false,
      http: {
        exchange: async (request, reader) => {
          hosts.push(request.target.site);
          const isFirst = hosts.length === 1;
          return reader({
            status: isFirst ? 301 : 200,
            headers: isFirst ? { 'x-amz-bucket-region': 'eu-west-3' } : {},
            setCookies: [],
            length: 0,
            framing: 'length',
            bytes: () => Promise.resolve(Buffer.from('')),
            pipeTo: () => Promise.resolve(0),
          });
        },
        close: () => Promise.resolve(),
      },
    });
    await read(store);
    await read(store);
    expect(hosts).toEqual([
      'https://b.s3.us-east-1.amazonaws.com',
      'https://b.s3.eu-west-3.amazonaws.com',
      'https://b.s3.eu-west-3.amazonaws.com',
    ]);
  });
});
