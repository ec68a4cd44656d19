import { describe, expect, it } from 'vitest';

import { Failure } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { redirectTarget } from '../../src/rules/redirect-target.ts';
import { ruleOf } from './rules-of.ts';

function target(fields: string, key = 'a b.jpg', query = '', base = 'https://o.example/dir') {
  const rule = ruleOf(`action: redirect${fields === '' ? '' : `, ${fields}`}`);
  return redirectTarget(rule, base, { key: objectKey(key), query });
}

describe('where a client is redirected to', () => {
  it('O18 is a 302 to the first master’s URL for the rewritten key', () => {
    expect(target('')).toEqual({ status: 302, location: 'https://o.example/dir/a%20b.jpg' });
    const key =
      'match: { keyPrefix: old/ }, key: { replacePrefix: new/, replaceSuffix: { to: .png } }';
    expect(target(key, 'old/x.jpg')?.location).toBe('https://o.example/dir/new/x.png');
  });

  it('O17 may be one page for all keys, with the rule’s status', () => {
    expect(target('redirect: { status: 307 }, key: { fixed: gone.html }')).toEqual({
      status: 307,
      location: 'https://o.example/dir/gone.html',
    });
  });

  it('has the client’s query only where the rule passes it, never its signature', () => {
    expect(target('', 'a', 'v=1')?.location).toBe('https://o.example/dir/a');
    const passes = 'redirect: { passQuery: true }';
    expect(target(passes, 'a', 'v=1&X-Amz-Signature=hush')?.location).toBe(
      'https://o.example/dir/a?v=1',
    );
    expect(target(passes, 'a', 'v=1', 'https://o.example/?w=2')?.location).toBe(
      'https://o.example/a?w=2&v=1',
    );
  });

  it('does not tell what lets this program in', () => {
    const base = 'https://user:hush@o.example:8443/d/?token=hush';
    expect(target('', 'a', '', base)?.location).toBe('https://o.example:8443/d/a');
  });

  it('is nowhere for an S3 address', () => {
    expect(target('', 'a', '', 's3://old-bucket/')).toBeUndefined();
  });

  it('cannot be a key that climbs out of the base', () => {
    expect(() => target('', '../a')).toThrow(Failure);
  });

  it('never leaves the host, whatever the key is', () => {
    for (const key of ['@evil.example/', '//evil.example', '\\\\evil.example', ':80', '\r\nx: y']) {
      const { location } = target('key: { slashes: raw }', key, '', 'https://o.example') ?? {};
      expect(new URL(location ?? 'x:').host).toBe('o.example');
      expect(location).toMatch(/^[!-~]+$/);
    }
  });
});
