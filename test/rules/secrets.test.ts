import { describe, expect, it } from 'vitest';

import { FatalError } from '../../src/model/failure.ts';
import { requestHeaders, resolveHeaders } from '../../src/rules/request-headers.ts';
import { maskSecret, resolveOriginUrl, resolveSecret } from '../../src/rules/resolve-secret.ts';
import { ruleOf } from './rules-of.ts';

function fatal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FatalError) return `${error.kind}: ${error.message}`;
    throw error;
  }
  return 'nothing was thrown';
}

describe('a secret', () => {
  it('is its text, or what the environment holds', () => {
    expect(resolveSecret({ text: 'a' }, {}, 'f')).toBe('a');
    expect(resolveSecret({ env: 'A' }, { A: 'b' }, 'f')).toBe('b');
  });

  it.each([
    [{}, 'is not set'],
    [{ A: '' }, 'is empty'],
  ])('of an environment %j names variable and path', (env, state) => {
    const message = fatal(() => resolveSecret({ env: 'A' }, env, 'rules[0].x'));
    expect(message).toContain(`usage: rules[0].x: the environment variable A ${state}`);
  });

  it('is shown by its variable only', () => {
    expect(maskSecret({ env: 'A' })).toBe('${A}');
    expect(maskSecret({ text: 'plain' })).toBe('plain');
  });
});

describe('an address from the environment', () => {
  it('may hold credentials and a signature', () => {
    const url = 'HTTPS://u:p@h.example/?sig=x';
    expect(resolveOriginUrl({ env: 'A' }, { A: url }, 'f')).toBe('https://u:p@h.example/?sig=x');
  });

  it.each(['h.example/hush', 'ftp://hush/', 'http://h ush/', 'https://hush:99999/'])(
    '%s is refused without repeating it',
    (url) => {
      const message = fatal(() => resolveOriginUrl({ env: 'A' }, { A: url }, 'rules[0].x'));
      expect(message).toMatch(/^usage: rules\[0\]\.x \(from the environment variable A\): /);
      expect(message).not.toContain('hush');
    },
  );
});

describe('the headers of a rule', () => {
  const rule = ruleOf(
    'request: { headers: { set: { X-From: mirror, x-b: { env: B } }, pass: [x-c] } }',
  );

  it('are what it sets, resolved and in lower case; pass needs a client’s request', () => {
    expect(requestHeaders(rule, { B: 'b' })).toEqual({
      headers: { 'x-from': 'mirror', 'x-b': 'b' },
      secrets: new Set(['x-b']),
    });
  });

  it.each(['a\r\nx: y', 'a\n', 'a\0', '漢'])(
    'refuse the value %j without repeating it',
    (value) => {
      const message = fatal(() => requestHeaders(rule, { B: value }));
      expect(message).toContain(
        'rule one, request.headers.set.x-b: the environment variable B holds',
      );
      expect(message).not.toContain(value);
    },
  );

  it('refuse a literal one as well', () => {
    const headers = [{ name: 'x-a', value: { text: 'a\nb' } }];
    expect(fatal(() => resolveHeaders(headers, {}, 'f'))).toContain('f.x-a: the value holds');
  });
});
