import { describe, expect, it } from 'vitest';

import { chooseProxy, proxySettings } from '../../src/http/choose-proxy.ts';
import { targetUrl } from '../../src/http/target-url.ts';

const both = { http: 'http://p1:3128', https: 'http://u:pw@p2:3129', none: undefined };

function proxyOf(
  url: string,
  settings = both as Parameters<typeof chooseProxy>[1],
): string | undefined {
  const target = targetUrl(url);
  if (target === undefined) throw new Error(url);
  const choice = chooseProxy(target, settings);
  if ('invalid' in choice) return `invalid ${choice.invalid}`;
  return 'proxy' in choice ? choice.proxy.site : undefined;
}

describe('the proxy for a URL', () => {
  it('goes by the scheme', () => {
    expect(proxyOf('http://a.example/')).toBe('http://p1:3128');
    expect(proxyOf('https://a.example/')).toBe('http://p2:3129');
    expect(proxyOf('http://a.example/', { http: '', https: 'x', none: '' })).toBeUndefined();
  });

  it('may be written without a scheme, but not as something else', () => {
    expect(proxyOf('http://a.example/', { ...both, http: 'p:3128' })).toBe('http://p:3128');
    expect(proxyOf('http://a.example/', { ...both, http: 'socks5://p:1080' })).toBe(
      'invalid HTTP_PROXY',
    );
  });

  it.each([
    ['*', 'http://a.example/', true],
    ['a.example', 'http://a.example/', true],
    ['a.example', 'http://sub.a.example/', true],
    ['a.example', 'http://xa.example/', false],
    ['.a.example', 'http://sub.a.example/', true],
    ['*.a.example', 'http://sub.a.example/', true],
    ['A.EXAMPLE', 'http://a.example/', true],
    ['b.example, a.example', 'http://a.example/', true],
    ['b.example a.example', 'http://a.example/', true],
    ['a.example:8080', 'http://a.example:8080/', true],
    ['a.example:8080', 'http://a.example/', false],
    ['127.0.0.1', 'http://127.0.0.1:9000/', true],
    ['10.0.0.0/8', 'http://10.1.2.3/', true],
    ['10.0.0.0/8', 'http://11.1.2.3/', false],
    ['10.0.0.0/99', 'http://10.1.2.3/', false],
    ['fd00::/8', 'http://[fd12::1]/', true],
    ['::1', 'http://[::1]:80/', true],
    ['[::1]:80', 'http://[::1]:80/', true],
    ['', 'http://a.example/', false],
    [' , ', 'http://a.example/', false],
  ])('is none with NO_PROXY %j for %s: %s', (none, url, exempt) => {
    expect(proxyOf(url, { ...both, none }) === undefined).toBe(exempt);
  });

  it('comes from the lower-case variables before the upper-case ones', () => {
    expect(
      proxySettings({
        http_proxy: 'a',
        HTTP_PROXY: 'b',
        HTTPS_PROXY: 'c',
        no_proxy: '',
        NO_PROXY: '*',
      }),
    ).toEqual({ http: 'a', https: 'c', none: '' });
  });
});
