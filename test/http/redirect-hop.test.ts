import { describe, expect, it } from 'vitest';

import { firstHop, isRedirect, nextHop, type Hop } from '../../src/http/redirect-hop.ts';
import { targetUrl } from '../../src/http/target-url.ts';

const policy = { follow: true, maxRedirects: 3, refererOnRedirect: false };

function hopAt(url: string): Hop {
  const target = targetUrl(url);
  if (target === undefined) throw new Error(url);
  return firstHop(target);
}

const urlOf = ({ target }: Hop): string => target.site + target.path;

describe('a redirect', () => {
  it.each([
    [200, false],
    [300, false],
    [301, true],
    [302, true],
    [303, true],
    [304, false],
    [305, false],
    [306, false],
    [307, true],
    [308, true],
    [404, false],
  ])('with status %i: %s', (status, expected) => {
    expect(isRedirect(status)).toBe(expected);
  });

  it.each([
    ['http://b.example/y', 'http://b.example/y'],
    ['/y', 'http://a.example/y'],
    ['y', 'http://a.example/dir/y'],
    ['../y', 'http://a.example/y'],
    ['?q=2', 'http://a.example/dir/x?q=2'],
    ['//b.example/y', 'http://b.example/y'],
    ['/a%2Fb%252F%e4//c', 'http://a.example/a%2Fb%252F%e4//c'],
    ['/%2e%2e/y', 'http://a.example/%2e%2e/y'],
    ['/../y', 'http://a.example/y'],
    ["/y?sig=a'b%2F|c", "http://a.example/y?sig=a'b%2F|c"],
    ['http://b.example/y#part', 'http://b.example/y'],
    ['/\u00c3\u00a9', 'http://a.example/%C3%A9'],
    ['/a b', 'http://a.example/a%20b'],
    ['http://b.example', 'http://b.example/'],
    ['http://user:pass@b.example/y', 'http://b.example/y'],
  ])('to %j leads to %s', (location, expected) => {
    expect(urlOf(nextHop(hopAt('http://a.example/dir/x?q=1'), 302, location, policy))).toBe(
      expected,
    );
  });

  it.each([
    ['without a Location', undefined],
    ['to nowhere', ''],
    ['to a file', 'file:///etc/passwd'],
    ['to a script', 'javascript:alert(1)'],
    ['to a broken URL', 'http://'],
    ['from https to http', 'http://a.example/y'],
  ])('%s is refused', (_, location) => {
    expect(() => nextHop(hopAt('https://a.example/x'), 302, location, policy)).toThrow(
      expect.objectContaining({ code: 'REDIRECT_REFUSED', status: 302 }),
    );
  });

  it('from http to https is taken', () => {
    expect(urlOf(nextHop(hopAt('http://a.example/x'), 301, 'https://a.example/x', policy))).toBe(
      'https://a.example/x',
    );
  });

  it('back to any URL asked before is a loop', () => {
    const second = nextHop(hopAt('http://a.example/x'), 302, '/y', policy);
    for (const location of ['/x', '/y', 'http://A.example:80/x']) {
      expect(() => nextHop(second, 302, location, policy)).toThrow(
        expect.objectContaining({ code: 'LOOP_DETECTED' }),
      );
    }
  });

  it('is taken as often as the cap says and no more', () => {
    let hop = hopAt('http://a.example/0');
    for (let turn = 1; turn <= 3; turn++) hop = nextHop(hop, 302, `/${String(turn)}`, policy);
    expect(() => nextHop(hop, 302, '/4', policy)).toThrow(/after 3 redirects \(maxRedirects\)/);
    const none = { ...policy, maxRedirects: 0 };
    expect(() => nextHop(hopAt('http://a.example/'), 302, '/1', none)).toThrow(/after 0 redirects/);
  });

  it.each([
    ['/y?sig=a%2Fb', 'http://a.example/y?sig=a%2Fb'],
    ['y', 'http://a.example/dir/y'],
    ['https://b.example:8443/y', 'https://b.example:8443/y'],
    ['//b.example/y#part', 'http://b.example/y#part'],
    ['/a b', 'http://a.example/a%20b'],
    ['http://user:pass@b.example/y', 'http://b.example/y'],
    ['javascript:alert(1)', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('to %j that is not to be followed is a status that points to %s', (location, expected) => {
    const off = { ...policy, follow: false };
    const answer = { headers: {}, body: Buffer.from('moved') };
    const from = hopAt('http://me:hush@a.example/dir/x?q=1');
    expect(() => nextHop(from, 307, location, off, answer)).toThrow(
      expect.objectContaining({ code: 'ORIGIN_STATUS', status: 307, location: expected, answer }),
    );
  });

  it('leaves HEAD a HEAD', () => {
    const target = targetUrl('http://a.example/x');
    if (target === undefined) throw new Error('no target');
    const second = nextHop(firstHop(target, 'HEAD'), 303, '/y', policy);
    expect(second.method).toBe('HEAD');
    expect(() => nextHop(second, 303, '/x', policy)).toThrow(/^HEAD http:\/\/a\.example\/y: /);
    expect(nextHop(hopAt('http://a.example/x'), 307, '/y', policy).method).toBe('GET');
  });

  it('carries a Referer of the redirecting site only where that is set', () => {
    const on = { ...policy, refererOnRedirect: true };
    const from = hopAt('http://u:p@a.example:8080/secret?x');
    expect(nextHop(from, 302, '/y', on).referer).toBe('http://a.example:8080/');
    expect(nextHop(from, 302, '/y', policy).referer).toBeUndefined();
  });
});
