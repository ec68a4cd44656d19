import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Failure } from '../../src/model/failure.ts';
import type { KeyRewrite } from '../../src/model/rule.ts';
import { originName } from '../../src/rules/origin-name.ts';
import { originUrl, originUrls } from '../../src/rules/origin-url.ts';
import { ruleOf } from './rules-of.ts';

const JOIN = ruleOf('').key;
const RAW: KeyRewrite = { ...JOIN, slashes: 'raw' };
const SEND: KeyRewrite = { ...JOIN, dotSegments: 'send' };

function failureOf(base: string, key: string, rewrite: KeyRewrite): string {
  try {
    return originUrl(base, key, rewrite, '');
  } catch (error) {
    return error instanceof Failure ? error.code : String(error);
  }
}

describe('a key in a URL', () => {
  it.each([
    ['a//b', 'a//b'],
    ['a/', 'a/'],
    ['a%2Fb', 'a%252Fb'],
    ['a%252Fb', 'a%25252Fb'],
    ['a b+c', 'a%20b%2Bc'],
    ["!'()*", '%21%27%28%29%2A'],
    ['-._~', '-._~'],
    ['a?b#c', 'a%3Fb%23c'],
    ['a;b=c&d', 'a%3Bb%3Dc%26d'],
    ['é', '%C3%A9'],
    ['e\u0301', 'e%CC%81'],
    ['😀', '%F0%9F%98%80'],
    ['a\\b', 'a%5Cb'],
    ['\t', '%09'],
    ['...', '...'],
    ['%2e%2e/x', '%252e%252e/x'],
  ])('%j is sent as %s', (key, expected) => {
    expect(originUrl('https://h/', key, JOIN, '')).toBe(`https://h/${expected}`);
  });

  it('leaves the base as written: path, encoding, port and its own query', () => {
    expect(originUrl('https://H.example:443/a%2fb/%7Ec?v=1', 'k', JOIN, '')).toBe(
      'https://H.example:443/a%2fb/%7Ec/k?v=1',
    );
    expect(originUrl('https://h/?v=1', 'k', JOIN, 'q=2')).toBe('https://h/k?v=1&q=2');
  });

  it('never becomes part of the host, not even joined raw', () => {
    expect(originUrl('https://h.example', '.evil.example', RAW, '')).toBe(
      'https://h.example/.evil.example',
    );
    expect(originUrl('https://h.example:8', '0/x', RAW, '')).toBe('https://h.example:8/0/x');
    expect(originUrl('https://h.example?v=1', '@evil/x', RAW, '')).toBe(
      'https://h.example/%40evil/x?v=1',
    );
  });
});

describe('dot segments', () => {
  it.each(['.', '..', 'a/./b', 'a/../b', './a', 'a/..', '../a'])(
    '%s is KEY_INVALID by default',
    (key) => {
      expect(failureOf('https://h/b/', key, JOIN)).toBe('KEY_INVALID');
    },
  );

  it.each(['a/./b', 'a/../b', 'a/b/../..', './a'])('%s is sent where the rule says so', (key) => {
    expect(failureOf('https://h/b/', key, SEND)).toBe(`https://h/b/${key}`);
  });

  it.each(['../a', 'a/../../b', '/../a', 'a//../../b', './../a'])(
    '%s climbs out and always fails',
    (key) => {
      expect(failureOf('https://h/b/', key, SEND)).toBe('KEY_INVALID');
    },
  );

  it.each(['/../a', '/x/../../a'])('%s does so from a base that it is joined to raw', (key) => {
    expect(failureOf('https://h/b', key, { ...SEND, slashes: 'raw' })).toBe('KEY_INVALID');
  });

  it('that only raw joining makes are seen too', () => {
    const raw: KeyRewrite = { ...SEND, slashes: 'raw' };
    expect(failureOf('https://h/base/.', './x', raw)).toBe('KEY_INVALID');
    expect(failureOf('https://h/base/v', '../x', raw)).toBe('https://h/base/v../x');
  });
});

describe('for every key', () => {
  const segment = fc.oneof(
    fc.constantFrom('', '.', '..', '%2F', '%2e%2e', '?', '#', '\\', ' ', '@', ':'),
    fc.string({ unit: 'grapheme', maxLength: 6 }),
  );
  const key = fc.array(segment, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
  const base = fc.constantFrom(
    'https://h.example/',
    'https://h.example',
    'https://h.example/a/b',
    'http://h.example:81/x/?q=1',
  );
  const rewrite = fc.constantFrom(JOIN, RAW, SEND, { ...JOIN, slashes: 'keepLeading' as const });

  it('the path stays below the base path, even after a server resolved it', () => {
    fc.assert(
      fc.property(base, key, rewrite, (address, text, how) => {
        const url = failureOf(address, text, how);
        if (url === 'KEY_INVALID') return;
        const below = new URL(address).pathname.replace(/[^/]*$/, '');
        const resolved = new URL(url);
        expect(resolved.host).toBe(new URL(address).host);
        expect(resolved.pathname.startsWith(below)).toBe(true);
        expect(resolved.search).toBe(new URL(address).search);
        expect(resolved.hash).toBe('');
      }),
    );
  });

  it('decoding the segments gives the key back', () => {
    fc.assert(
      fc.property(key, (text) => {
        const url = failureOf('https://h.example/base/', text, SEND);
        if (url === 'KEY_INVALID') return;
        expect(url).toMatch(/^https:\/\/h\.example\/base\/[A-Za-z0-9._~%/-]*$/);
        const path = url.slice('https://h.example/base/'.length);
        expect(path.split('/').map(decodeURIComponent).join('/')).toBe(text);
      }),
    );
  });
});

describe('the name of an address', () => {
  it.each([
    ['https://o1.example', 'https://o1.example/'],
    ['https://user:hush@o1.example:8443/a%2Fb?token=hush#hush', 'https://o1.example:8443/a%2Fb'],
    ['https://a@b:hush@o1.example/', 'https://o1.example/'],
    ['http://[::1]:80/x', 'http://[::1]:80/x'],
    ['s3://bucket/prefix/', 's3://bucket/prefix/'],
    ['https://user:hu/sh@o1.example/', 'https://(unreadable address)'],
    ['user:hush@o1.example', '(unreadable address)'],
    ['', '(unreadable address)'],
  ])('%s is shown as %s', (url, name) => {
    expect(originName(url)).toBe(name);
  });
});

describe('an address that is asked for many keys', () => {
  it('finds each where it would find it alone', () => {
    const base = 'https://a.example/b?c=1';
    const url = originUrls(base, JOIN);
    const keys = ['x', 'y/z.jpg', 'a b', '', "!'", 'a//b'];
    expect(keys.map((key) => url(key, 'q'))).toEqual(
      keys.map((key) => originUrl(base, key, JOIN, 'q')),
    );
    expect(url('x', 'q')).toBe('https://a.example/b/x?c=1&q');
    expect(() => url('a/../b', '')).toThrow(Failure);
    expect(() => originUrls('no URL', JOIN)('x', '')).toThrow(Failure);
  });
});
