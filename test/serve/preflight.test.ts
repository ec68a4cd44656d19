import { describe, expect, test } from 'vitest';

import { corsAsk, preflight } from '../../src/serve/client/preflight.ts';
import type { CorsAsk } from '../../src/serve/client/preflight.ts';
import { ruleOf } from '../rules/rules-of.ts';

const PAGE = 'https://page.example';
const ask = (changed: Partial<CorsAsk> = {}): CorsAsk => ({
  origin: PAGE,
  method: 'GET',
  headers: [],
  ...changed,
});
const response = (headers: string) => ruleOf(`response: { setHeaders: { ${headers} } }`).response;

const ANY = response('Access-Control-Allow-Origin: "*"');
const ONE = response(`access-control-allow-origin: "${PAGE}"`);

describe('a preflight', () => {
  test('is allowed for any page where the rule allows every origin', () => {
    expect(preflight(ask(), ANY)).toEqual({
      status: 204,
      headers: {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, HEAD',
        vary: 'origin, access-control-request-method, access-control-request-headers',
      },
    });
    expect(preflight(ask({ origin: 'null' }), ANY).status).toBe(204);
  });

  test('is allowed for the one page that the rule names, to the letter', () => {
    expect(preflight(ask(), ONE)).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-origin': PAGE },
    });
    for (const origin of ['https://other.example', `${PAGE}:443`, `${PAGE}/`, 'null', '', '*']) {
      expect(preflight(ask({ origin }), ONE)).toMatchObject({
        status: 403,
        code: 'AccessForbidden',
      });
    }
  });

  test('is refused where no rule sets the header', () => {
    expect(preflight(ask(), undefined).status).toBe(403);
    expect(preflight(ask(), response('')).status).toBe(403);
    expect(preflight(ask(), response('x-a: b')).status).toBe(403);
    expect(preflight(ask(), response('access-control-allow-methods: GET')).status).toBe(403);
  });

  test.each(['PUT', 'POST', 'DELETE', 'get', 'OPTIONS', ''])(
    'is refused for the method %s',
    (method) => {
      expect(preflight(ask({ method }), ANY).status).toBe(403);
    },
  );

  test('allows every header that is asked for', () => {
    expect(preflight(ask({ method: 'HEAD', headers: ['range', 'x-a'] }), ANY)).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-headers': 'range, x-a' },
    });
  });

  test('is refused where what it asks for is no header', () => {
    expect(preflight(ask({ headers: ['a b'] }), ANY).status).toBe(403);
    expect(preflight(ask({ headers: ['a\r\nx: y'] }), ANY).status).toBe(403);
  });

  test('is told what the rule says, and nothing that is not about it', () => {
    const rule = response(
      'access-control-allow-origin: "*", access-control-allow-methods: GET, ' +
        'access-control-allow-headers: range, access-control-max-age: "600", x-frame-options: DENY',
    );
    expect(preflight(ask({ headers: ['x-a'] }), rule)).toEqual({
      status: 204,
      headers: {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET',
        'access-control-allow-headers': 'range',
        'access-control-max-age': '600',
        vary: 'origin, access-control-request-method, access-control-request-headers',
      },
    });
  });
});

test('an OPTIONS that is no preflight is told what can be done, whatever the rule', () => {
  const allowed = { status: 204, headers: { allow: 'GET, HEAD, OPTIONS' } };
  expect(preflight(undefined, undefined)).toEqual(allowed);
  expect(preflight(undefined, ANY)).toEqual(allowed);
});

test('a preflight has an origin and a method; its headers are a list', () => {
  const headers = { origin: PAGE, 'access-control-request-method': 'GET' };
  expect(corsAsk(headers)).toEqual({ origin: PAGE, method: 'GET', headers: [] });
  const list = { ...headers, 'access-control-request-headers': ' Range,,x-A , ' };
  expect(corsAsk(list)).toMatchObject({ headers: ['range', 'x-a'] });
  expect(corsAsk({ origin: PAGE })).toBeUndefined();
  expect(corsAsk({ 'access-control-request-method': 'GET' })).toBeUndefined();
});
