import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openAdmin } from '../../src/serve/admin/admin.ts';
import type { AdminView } from '../../src/serve/admin/admin-view.ts';
import { emptyStatus } from '../page/sample-status.ts';
import { ask, openTestAdmin, sampleView, TOKEN } from './admin-under-test.ts';

const BEARS_IT = { authorization: `Bearer ${TOKEN}` };

describe('what is there to see', () => {
  test.each<readonly [string, number, string, unknown]>([
    ['/healthz', 200, 'application/json', { ok: true }],
    ['/readyz', 200, 'application/json', { ready: true }],
    ['/metrics', 200, 'text/plain; version=0.0.4', 'up 1\n'],
    ['/api/status', 200, 'application/json', emptyStatus()],
    ['/api/status?format=html', 200, 'text/html; charset=utf-8', '<p>live</p>'],
    ['/', 200, 'text/html; charset=utf-8', '<p>whole</p>'],
    ['/?any=query', 200, 'text/html; charset=utf-8', '<p>whole</p>'],
    ['/nothing', 404, 'application/json', { error: 'there is nothing here' }],
    ['/api', 404, 'application/json', { error: 'there is nothing here' }],
    ['/__proto__', 404, 'application/json', { error: 'there is nothing here' }],
  ])('GET %s is %i', async (path, status, type, said) => {
    const answer = await ask(await openTestAdmin(), path);
    expect(answer).toMatchObject({ status, headers: { 'content-type': type } });
    expect(typeof said === 'string' ? answer.text : JSON.parse(answer.text)).toEqual(said);
  });

  test('HEAD has the headers of GET and no body', async () => {
    const address = await openTestAdmin();
    const { headers } = await ask(address, '/healthz');
    const head = await ask(address, '/healthz', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['content-length']).toBe(headers['content-length']);
  });

  test.each([
    ['DELETE', '/', 'GET, HEAD'],
    ['POST', '/metrics', 'GET, HEAD'],
    ['OPTIONS', '/api/status', 'GET, HEAD'],
    ['GET', '/api/reload', 'POST'],
    ['HEAD', '/api/negative/flush', 'POST'],
    ['PUT', '/api/reload', 'POST'],
  ])('%s %s is 405 and says what can be asked: %s', async (method, path, allow) => {
    const answer = await ask(await openTestAdmin(), path, { method, headers: BEARS_IT });
    expect(answer).toMatchObject({ status: 405, headers: { allow } });
  });

  test('readiness says why the proxy is not ready, and health is no matter of that', async () => {
    const view = sampleView({ ready: () => ({ ready: false, reason: 'draining' }) });
    const address = await openTestAdmin({ view });
    const answer = await ask(address, '/readyz');
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toEqual({ ready: false, reason: 'draining' });
    expect((await ask(address, '/healthz')).status).toBe(200);
  });

  test('no answer is kept, sniffed or framed', async () => {
    const address = await openTestAdmin();
    for (const path of ['/', '/healthz', '/nothing', '/api/reload']) {
      const { headers } = await ask(address, path);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
    const page = await ask(address, '/');
    expect(page.headers['content-security-policy']).toBe("default-src 'none'; img-src data:");
    const json = await ask(address, '/api/status');
    expect(json.headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('what goes wrong inside is a 500 that tells nothing, and is told to the owner', async () => {
    const troubles: unknown[] = [];
    const view = sampleView({ status: () => Promise.reject(new Error('the secret of it')) });
    const address = await openTestAdmin({ view, onTrouble: (error) => troubles.push(error) });
    const answer = await ask(address, '/api/status');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
    expect(troubles).toEqual([new Error('the secret of it')]);
    expect((await ask(address, '/healthz')).status).toBe(200);
  });
});

describe('explain', () => {
  const explained = async (query: string): Promise<unknown> => {
    const answer = await ask(await openTestAdmin(), `/api/explain?${query}`);
    expect(answer.status).toBe(200);
    return JSON.parse(answer.text);
  };

  test('a key alone is asked for with GET', async () => {
    expect(await explained('key=a')).toEqual({
      explained: { key: 'a', method: 'GET', query: '', headers: [] },
    });
  });

  test('method, query and headers go along', async () => {
    const query = 'key=a&method=head&query=x%3D1%26y%3D2&header=x-tier%3A%20gold&header=host:a:80';
    const headers = [
      ['x-tier', 'gold'],
      ['host', 'a:80'],
    ];
    expect(await explained(query)).toEqual({
      explained: { key: 'a', method: 'HEAD', query: 'x=1&y=2', headers },
    });
  });

  test.each([
    ['a%2Bb+c%20d', 'a+b c d'],
    ['a%2F%2F..%2Fb', 'a//../b'],
    ['%25252F', '%252F'],
    ['%E6%BC%A2%F0%9F%98%80', '漢😀'],
    ['e%CC%81', 'e\u0301'],
  ])('the key %s is %s', async (encoded, key) => {
    expect(await explained(`key=${encoded}`)).toMatchObject({ explained: { key } });
  });

  test.each([
    ['', 'key= is missing'],
    ['key=', 'key= is missing'],
    ['key=a&header=no-colon', 'name: value'],
    ['key=a&header=:value', 'name: value'],
    ['key=%', 'can not be read'],
    ['key=%ff', 'can not be read'],
  ])('?%s is refused: %s', async (query, why) => {
    const answer = await ask(await openTestAdmin(), `/api/explain?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(why);
  });
});

describe('what changes something', () => {
  test('a flush says how many keys it forgot', async () => {
    const address = await openTestAdmin();
    const post = { method: 'POST', headers: BEARS_IT };
    expect((await ask(address, '/api/negative/flush?prefix=a%2Fb', post)).text).toBe(
      '{"flushed":3}\n',
    );
    expect((await ask(address, '/api/negative/flush', post)).text).toBe('{"flushed":0}\n');
  });

  test('a reload tells how many rules are in force', async () => {
    const answer = await ask(await openTestAdmin(), '/api/reload', {
      method: 'POST',
      headers: BEARS_IT,
    });
    expect(answer).toMatchObject({ status: 200, text: '{"ok":true,"rules":3}\n' });
  });

  test('a reload of bad rules is 422 with every problem', async () => {
    const problems = ['rules.yaml:3:5 rules[0].id: is missing'];
    const view = sampleView({ reload: () => Promise.resolve({ ok: false, problems }) });
    const answer = await ask(await openTestAdmin({ view }), '/api/reload', {
      method: 'POST',
      headers: BEARS_IT,
    });
    expect(answer.status).toBe(422);
    expect(JSON.parse(answer.text)).toEqual({ ok: false, problems });
  });

  const refused = [
    ['no authorization', TOKEN, undefined],
    ['a wrong token', TOKEN, 'Bearer wrong'],
    ['a beginning of the token', TOKEN, `Bearer ${TOKEN.slice(0, -1)}`],
    ['more than the token', TOKEN, `Bearer ${TOKEN}x`],
    ['another scheme', TOKEN, `Basic ${TOKEN}`],
    ['no scheme', TOKEN, TOKEN],
    ['an empty token', TOKEN, 'Bearer '],
    ['any token where none is configured', undefined, 'Bearer undefined'],
    ['an empty token where an empty one is configured', '', 'Bearer '],
  ] as const;

  test.each(refused)('%s is 403, and nothing is changed', async (_, token, authorization) => {
    const changes: string[] = [];
    const view: AdminView = sampleView({
      flush: () => changes.push('flush'),
      reload: () => {
        changes.push('reload');
        return Promise.resolve({ ok: true, rules: 0 });
      },
    });
    const address = await openTestAdmin({ view, token });
    const headers = authorization === undefined ? {} : { authorization };
    for (const path of ['/api/reload', '/api/negative/flush?prefix=']) {
      const answer = await ask(address, path, { method: 'POST', headers });
      expect(answer.status).toBe(403);
      expect(answer.text).not.toContain(TOKEN);
    }
    expect(changes).toEqual([]);
  });

  test('the scheme may be written in any case', async () => {
    const answer = await ask(await openTestAdmin(), '/api/reload', {
      method: 'POST',
      headers: { authorization: `bearer ${TOKEN}` },
    });
    expect(answer.status).toBe(200);
  });

  test('a body of more than a mebibyte is 413', async () => {
    const changes: string[] = [];
    const view = sampleView({ flush: () => changes.push('flush') });
    const address = await openTestAdmin({ view });
    const post = { method: 'POST', headers: BEARS_IT };
    const body = Buffer.alloc(1024 * 1024);
    expect((await ask(address, '/api/negative/flush', { ...post, body })).status).toBe(200);
    const larger = Buffer.alloc(body.length + 1);
    const answer = await ask(address, '/api/negative/flush', { ...post, body: larger });
    expect(answer).toMatchObject({ status: 413, headers: { connection: 'close' } });
    expect(changes).toHaveLength(1);
  });
});

test('a page of another site, whose name resolves to this address, gets nothing', async () => {
  const address = await openTestAdmin();
  const headers = { ...BEARS_IT, host: 'evil.example' };
  for (const [method, path] of [
    ['GET', '/healthz'],
    ['GET', '/api/status'],
    ['POST', '/api/reload'],
  ] as const) {
    const answer = await ask(address, path, { method, headers });
    expect(answer).toMatchObject({ status: 421, headers: { connection: 'close' } });
  }
  expect((await ask(address, '/healthz', { headers: { host: 'localhost' } })).status).toBe(200);
});

test('a request without a host, or for an absolute address, gets no further', async () => {
  const address = await openTestAdmin();
  expect((await ask(address, '/healthz', { setHost: false })).status).toBe(421);
  expect((await ask(address, 'http://evil.example/healthz')).status).toBe(400);
});

describe('closing', () => {
  test('idle connections, and a client that never ends its request, hold nothing up', async () => {
    const admin = await openAdmin({
      listen: { host: '127.0.0.1', port: 0 },
      view: sampleView(),
      token: TOKEN,
    });
    const sockets = [
      '',
      'POST /api/reload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nx',
    ];
    for (const text of sockets) {
      const socket = connect(admin.address.port, admin.address.host);
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
      await once(socket, 'connect');
      socket.write(text);
    }
    expect((await ask(admin.address, '/healthz')).status).toBe(200);
    await admin.close();
    await expect(ask(admin.address, '/healthz')).rejects.toThrow();
  });

  test('a port that is taken is an error of the system', async () => {
    const { host, port } = await openTestAdmin();
    const second = openAdmin({ listen: { host, port }, view: sampleView(), token: undefined });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
