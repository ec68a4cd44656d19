import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { keyProblem } from '../../src/model/object-key.ts';
import { encodeSegments } from '../../src/rules/origin-url.ts';
import { readAddress } from '../../src/serve/client/address.ts';
import type { Address } from '../../src/serve/client/address.ts';
import { ODD_KEYS } from '../contract/odd-keys.ts';

const HOST = ['Host', 'cdn.example.com'];

function addressOf(target: string, method = 'GET', rawHeaders: readonly string[] = HOST): Address {
  return readAddress({ method, target, rawHeaders });
}

function requestOf(target: string, method = 'GET', rawHeaders: readonly string[] = HOST) {
  const address = addressOf(target, method, rawHeaders);
  if (address.operation === 'read') return address.request;
  throw new Error(JSON.stringify(address));
}

const keyOf = (target: string): string => requestOf(target).key;

/** What a request is refused with. */
function refused(target: string, method = 'GET', rawHeaders: readonly string[] = HOST) {
  const address = addressOf(target, method, rawHeaders);
  if (address.operation !== 'refuse') throw new Error(JSON.stringify(address));
  return `${String(address.status)} ${address.code}`;
}

describe('the key of a request', () => {
  test.each([
    ['/a', 'a'],
    ['/a/b.txt', 'a/b.txt'],
    ['//a', '/a'],
    ['///', '//'],
    ['/a//b/', 'a//b/'],
    ['/a+b', 'a+b'],
    ['/a%2Bb', 'a+b'],
    ['/a%20+b', 'a +b'],
    ['/a%20b', 'a b'],
    ['/a%2Fb', 'a/b'],
    ['/a%2fb', 'a/b'],
    ['/%2Fa', '/a'],
    ['/%252F', '%2F'],
    ['/%3Fx%23y', '?x#y'],
    ['/a?b', 'a'],
    ['/a?b?c/d', 'a'],
    ['/.', '.'],
    ['/a/../b', 'a/../b'],
    ['/./a', './a'],
    ['/*', '*'],
    ['/%C3%A9', 'é'],
    ['/e%CC%81', 'e\u0301'],
    ['/\u00c3\u00a9', 'é'],
    ['/%C3\u00a9', 'é'],
    ['/%EF%BB%BFbom', '\ufeffbom'],
    ['/%00', '\u0000'],
    ['/a%0D%0Ab', 'a\r\nb'],
    ['/http://x/y', 'http://x/y'],
    ['/a;b=c,d@e:f&g=h', 'a;b=c,d@e:f&g=h'],
    ['/"<>[]\\^`{|}', '"<>[]\\^`{|}'],
    ['http://x/y', 'y'],
    ['HTTPS://x:8443//y?z', '/y'],
  ])('of %s is its path, decoded once: %j', (target, key) => {
    expect(keyOf(target)).toBe(key);
  });

  test('is any key there is, however much of it is escaped', () => {
    const escapeAll = (key: string): string =>
      [...Buffer.from(key)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    const character = fc
      .oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xffff }), fc.nat({ max: 0x10ffff }))
      .map((point) => String.fromCodePoint(point).toWellFormed());
    const any = fc.oneof(
      fc.constantFrom(...ODD_KEYS),
      fc.string({ unit: character, minLength: 1, maxLength: 60 }),
    );
    fc.assert(
      fc.property(any, (key) => {
        fc.pre(keyProblem(key) === undefined);
        expect(keyOf(`/${encodeSegments(key)}`)).toBe(key);
        expect(keyOf(`/${escapeAll(key)}`)).toBe(key);
      }),
    );
  });

  test.each(['/%', '/%4', '/%zz', '/a%2', '/%u00e9'])(
    'is none where an escape is broken: %s',
    (target) => {
      expect(refused(target)).toBe('400 InvalidURI');
    },
  );

  test.each(['/%FF', '/%C3', '/%C0%AF', '/%ED%A0%80', '/%F4%90%80%80', '/\u00e9', '/a%C3/%A9'])(
    'is none where its bytes are not strictly UTF-8: %s',
    (target) => {
      expect(refused(target)).toBe('400 InvalidURI');
    },
  );

  test('has at most 1,024 bytes once it is decoded', () => {
    expect(keyOf(`/${'%C3%A9'.repeat(512)}`)).toBe('é'.repeat(512));
    expect(refused(`/${'%C3%A9'.repeat(512)}a`)).toBe('400 KeyTooLongError');
    expect(refused(`/${'a'.repeat(1025)}`)).toBe('400 KeyTooLongError');
    expect(refused(`/${'a'.repeat(9000)}`)).toBe('400 KeyTooLongError');
  });
});

describe('a target that is refused', () => {
  test.each([
    '',
    'a',
    '*',
    '?a',
    'ftp://x/y',
    'x:443',
    'mailto:x',
    '/a b',
    '/a\tb',
    '/a\u0000',
    '/\u007f',
  ])('is none of a resource: %j', (target) => {
    expect(refused(target)).toBe('400 InvalidURI');
  });

  test.each(['/a#', '/a#b', '/a?b#c', 'http://x/#'])('has a fragment: %s', (target) => {
    expect(refused(target)).toBe('400 InvalidURI');
  });

  test('has characters that are no bytes', () => {
    expect(refused('/\u0100')).toBe('400 InvalidURI');
    expect(refused('/\ud800')).toBe('400 InvalidURI');
  });

  test('is longer than 8 KiB', () => {
    expect(requestOf(`/a?${'b'.repeat(8190)}`).query).toHaveLength(8190);
    expect(refused(`/a?${'b'.repeat(8191)}`)).toBe('400 InvalidURI');
  });

  test.each([
    '/',
    '/?',
    '/?prefix=a',
    '/?marker=a&max-keys=2',
    'http://x',
    'http://x/',
    'http://x?a',
  ])('is the bucket itself: %s', (target) => {
    expect(refused(target)).toBe('501 NotImplemented');
    expect(refused(target, 'HEAD')).toBe('501 NotImplemented');
  });

  test.each([
    ...['acl', 'cors', 'delete', 'list-type', 'location', 'uploads', 'uploadId', 'versions'],
    ...['tagging', 'policy', 'website', 'versionId', 'partNumber', 'attributes', 'torrent'],
    ...['lifecycle', 'versioning', 'notification', 'encryption', 'object-lock', 'retention'],
  ])('is about the S3 sub-resource %s', (name) => {
    for (const query of [name, `${name}=`, `${name}=2`, `a=1&${name}&b=2`]) {
      expect(refused(`/a?${query}`)).toBe('501 NotImplemented');
      expect(refused(`/?${query}`)).toBe('501 NotImplemented');
    }
  });

  test('is about a sub-resource although its name is escaped', () => {
    expect(refused('/a?%61cl')).toBe('501 NotImplemented');
    expect(refused('/a?upload%49d=x')).toBe('501 NotImplemented');
  });
});

describe('a query', () => {
  test.each([
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0',
    'response-content-type=text/plain&response-content-disposition=attachment',
    'x-id=GetObject',
    'ACL',
    'versionid=1',
    'a=acl',
    'acls&aclx=1&xacl',
    'b=2&a=1&a=%zz+%2F&&',
    'v=1?w',
  ])('goes along as it came: %s', (query) => {
    expect(requestOf(`/a?${query}`)).toMatchObject({ key: 'a', query });
  });

  test('has bytes above ASCII escaped, so that they stay these bytes', () => {
    expect(requestOf('/a?q=\u00c3\u00a9\u00ff').query).toBe('q=%C3%A9%FF');
  });

  test('is empty where there is none', () => {
    expect(requestOf('/a').query).toBe('');
    expect(requestOf('/a?').query).toBe('');
  });
});

describe('a method', () => {
  test.each(['PUT', 'POST', 'DELETE', 'PATCH', 'TRACE', 'CONNECT', 'PROPFIND', 'get', ''])(
    'that writes or is unknown is 405: %s',
    (method) => {
      expect(addressOf('/a', method)).toMatchObject({
        operation: 'refuse',
        status: 405,
        code: 'MethodNotAllowed',
        headers: { allow: 'GET, HEAD, OPTIONS' },
      });
      expect(refused('x:443', method)).toBe('405 MethodNotAllowed');
      expect(refused('/?delete', method)).toBe('405 MethodNotAllowed');
    },
  );

  test('that reads goes along', () => {
    expect(requestOf('/a').method).toBe('GET');
    expect(requestOf('/a', 'HEAD').method).toBe('HEAD');
  });
});

describe('the host', () => {
  const host = (target: string, rawHeaders: readonly string[]) =>
    requestOf(target, 'GET', rawHeaders).host;

  test.each(['x.example', 'X.example:8080', '127.0.0.1:80', '[::1]:8080', 'a_b', 'x:'])(
    'is what the Host header says: %s',
    (name) => {
      expect(host('/a', ['HOST', name])).toBe(name);
    },
  );

  test('is undefined where there is none', () => {
    expect(host('/a', [])).toBeUndefined();
    expect(host('/a', ['host', ''])).toBeUndefined();
  });

  test('is never what another header says', () => {
    expect(host('/a', ['x-forwarded-host', 'evil', 'forwarded', 'host=evil'])).toBeUndefined();
  });

  test('is the target’s where that is absolute, in the headers too', () => {
    const request = requestOf('http://one:81/a', 'GET', ['host', 'two']);
    expect(request).toMatchObject({ host: 'one:81', headers: { host: 'one:81' } });
  });

  test.each(['a b', 'a/b', 'user@x', 'a,b', 'a?', 'x:y', 'x:123456', '[', 'a\u00e9', 'a"'])(
    'is refused where it can be none: %s',
    (name) => {
      expect(refused('/a', 'GET', ['host', name])).toBe('400 InvalidRequest');
    },
  );

  test.each(['http:///a', 'http://user:pass@x/a', 'http://a%zz@/b', 'http://x:y/a'])(
    'is refused where an absolute target has none that counts: %s',
    (target) => {
      expect(refused(target)).toBe('400 InvalidRequest');
    },
  );
});

describe('headers', () => {
  test('have lower-case names, and repeated ones are joined', () => {
    const raw = ['X-A', '1', 'Cookie', 'a=1', 'x-a', '2, 3', 'cookie', 'b=2', '__proto__', 'p'];
    const { headers } = requestOf('/a', 'GET', raw);
    expect(Object.entries(headers)).toEqual([
      ['x-a', '1, 2, 3'],
      ['cookie', 'a=1; b=2'],
      ['__proto__', 'p'],
    ]);
  });

  test.each(['Host', 'Content-Length'])('are refused where %s comes twice, even alike', (name) => {
    const twice = [name, '1', name.toLowerCase(), '1'];
    expect(refused('/a', 'GET', twice)).toBe('400 InvalidRequest');
    expect(refused('/a', 'PUT', twice)).toBe('400 InvalidRequest');
  });

  test('of a body don’t keep a GET from being read', () => {
    expect(requestOf('/a', 'GET', [...HOST, 'content-length', '3']).key).toBe('a');
  });
});

describe('OPTIONS', () => {
  const ASK = [
    ...HOST,
    ...['Origin', 'https://page.example'],
    ...['Access-Control-Request-Method', 'GET'],
    ...['Access-Control-Request-Headers', 'Range, X-A,'],
  ];

  test('is a preflight for the request that is meant', () => {
    expect(addressOf('/a%20b?c', 'OPTIONS', ASK)).toMatchObject({
      operation: 'preflight',
      request: { key: 'a b', method: 'GET', host: 'cdn.example.com', query: 'c' },
      ask: { origin: 'https://page.example', method: 'GET', headers: ['range', 'x-a'] },
    });
  });

  test('is no preflight without an origin and a method', () => {
    const expected = { operation: 'preflight', request: { method: 'OPTIONS' }, ask: undefined };
    expect(addressOf('/a', 'OPTIONS')).toMatchObject(expected);
    expect(addressOf('/a', 'OPTIONS', ['origin', 'https://page.example'])).toMatchObject(expected);
    const method = ['access-control-request-method', 'GET'];
    expect(addressOf('/a', 'OPTIONS', method)).toMatchObject(expected);
  });

  test('may be about the server', () => {
    expect(addressOf('*', 'OPTIONS')).toEqual({
      operation: 'preflight',
      request: undefined,
      ask: undefined,
    });
  });

  test('is refused as the request that is meant', () => {
    expect(refused('/%', 'OPTIONS', ASK)).toBe('400 InvalidURI');
    expect(refused('/a?acl', 'OPTIONS', ASK)).toBe('501 NotImplemented');
    expect(refused('/', 'OPTIONS', ASK)).toBe('501 NotImplemented');
  });
});

test('no target whatsoever throws, and what is read is a key and a clean query', () => {
  const unit = fc.integer({ min: 0, max: 0x17f }).map((code) => String.fromCharCode(code));
  const target = fc.oneof(
    fc.string({ unit, maxLength: 40 }).map((text) => `/${text}`),
    fc.string({ unit, maxLength: 40 }),
    fc
      .array(fc.constantFrom('/', '%', '2', 'F', 'C3', '?', '#', '*', 'a', 'http://', '@', ':'), {
        maxLength: 12,
      })
      .map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(target, fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'PUT'), (text, method) => {
      const address = addressOf(text, method);
      if (address.operation === 'refuse') return;
      const { key = 'x', query = '' } = address.request ?? {};
      expect(keyProblem(key)).toBeUndefined();
      expect(query).toMatch(/^[!-~]*$/);
    }),
  );
});
