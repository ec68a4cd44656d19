import { describe, expect, it } from 'vitest';

import { asksAnotherAddress } from '../../src/guard/asks-another-address.ts';
import { firstHop, nextHop } from '../../src/http/redirect-hop.ts';
import { targetUrl } from '../../src/http/target-url.ts';
import { Failure } from '../../src/model/failure.ts';
import { errorsOf, ruleOf } from './rules-of.ts';

const MASTERS = 'masters: ["https://o.example/", "https://p.example/"]';
const statusesOf = (origins: string) => {
  const { retryOn = [], neverRetryOn = [] } =
    ruleOf(`origins: { ${MASTERS}${origins} }`).origins ?? {};
  return { retryOn, neverRetryOn };
};
const said = (status: number) =>
  new Failure(status === 404 ? 'ORIGIN_NOT_FOUND' : 'ORIGIN_STATUS', 'x', { status });

describe('another address', () => {
  it.each(['ORIGIN_UNREACHABLE', 'ORIGIN_TIMEOUT', 'LENGTH_MISMATCH'] as const)(
    'H17 is asked after %s, whatever is listed',
    (code) => {
      const never = statusesOf(', retryOn: [], neverRetryOn: [4XX, 5XX]');
      expect(asksAnotherAddress(new Failure(code, 'x'), never)).toBe(true);
    },
  );

  it('H17 is asked after 5XX by default, and after 404 only where it is listed', () => {
    expect([500, 503, 599].every((code) => asksAnotherAddress(said(code), statusesOf('')))).toBe(
      true,
    );
    expect(asksAnotherAddress(said(404), statusesOf(''))).toBe(false);
    expect(asksAnotherAddress(said(403), statusesOf(''))).toBe(false);
    expect(asksAnotherAddress(said(404), statusesOf(', retryOn: [4XX]'))).toBe(true);
    expect(asksAnotherAddress(said(500), statusesOf(', retryOn: [4XX]'))).toBe(false);
  });

  it('B25 is asked on 404 where retryOn lists it beside 5XX', () => {
    const backup = statusesOf(', retryOn: [404, 5XX]');
    expect([404, 500].every((code) => asksAnotherAddress(said(code), backup))).toBe(true);
    expect(asksAnotherAddress(said(403), backup)).toBe(false);
  });
});

describe('a redirect of the origin', () => {
  const hop = () => {
    const target = targetUrl('https://user:hush@o.example:8443/dir/a?x=1');
    if (target === undefined) throw new Error('no target');
    return firstHop(target);
  };
  const policyOf = (request: string) => {
    const { followRedirects, maxRedirects, refererOnRedirect } = ruleOf(
      `request: { ${request} }`,
    ).request;
    return { follow: followRedirects, maxRedirects, refererOnRedirect };
  };

  it('H19 is followed, unless the rule says that it is not', () => {
    const next = nextHop(hop(), 302, 'https://p.example/b', policyOf(''));
    expect(next.target.site).toBe('https://p.example');
    expect(() =>
      nextHop(hop(), 302, 'https://p.example/b', policyOf('followRedirects: false')),
    ).toThrow(
      expect.objectContaining({
        code: 'ORIGIN_STATUS',
        status: 302,
        location: 'https://p.example/b',
      }),
    );
  });

  it('H20 gets scheme and host of whoever redirected as its Referer where the rule says so', () => {
    const on = policyOf('refererOnRedirect: true');
    expect(nextHop(hop(), 302, 'https://p.example/b', on).referer).toBe('https://o.example:8443/');
    expect(nextHop(hop(), 302, 'https://p.example/b', policyOf('')).referer).toBeUndefined();
  });
});

it('O16 an address may be dialled elsewhere, and keep its name', () => {
  const map = '{ url: "https://o.example/", connectTo: 203.0.113.7, hostHeader: www.example.com }';
  expect(ruleOf(`origins: { masters: [${map}] }`).origins?.masters[0]).toMatchObject({
    connectTo: '203.0.113.7',
    hostHeader: 'www.example.com',
  });
  expect(
    errorsOf(
      'rules: [{ id: a, origins: { masters: [{ url: "https://o/", connectTo: "http://x" }] } }]',
    ),
  ).toHaveLength(1);
});
