import type { Origin } from '../../src/model/origin.ts';
import { httpOrigin, type HttpOriginSettings } from '../../src/origin/http-origin.ts';
import { NO_PROXIES } from './fault-origin-client.ts';

/** A key as it stands in a URL: each segment percent-encoded, slashes kept. */
export function encodedKey(key: string): string {
  return key
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment).replace(
        /[!'()*]/g,
        (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');
}

/** An HTTP origin at `baseUrl` that may dial loopback addresses. */
export function testOrigin(baseUrl: string, settings: Partial<HttpOriginSettings> = {}): Origin {
  const { origin, pathname } = new URL(baseUrl);
  return httpOrigin({
    name: origin + pathname,
    baseUrl,
    locate: (originKey, query) =>
      origin + pathname + encodedKey(originKey) + (query === '' ? '' : `?${query}`),
    headers: {},
    hostHeader: undefined,
    serverName: undefined,
    connectTo: undefined,
    tls: { ca: undefined, cert: undefined, key: undefined },
    timeouts: { connectMs: 5_000, firstByteMs: 5_000, idleMs: 5_000 },
    followRedirects: true,
    maxRedirects: 10,
    refererOnRedirect: false,
    allowPrivate: true,
    proxies: NO_PROXIES,
    connections: 8,
    clock: { now: () => Date.UTC(2026, 10, 20, 4, 0, 0) },
    userAgent: 'bucketfill/0.0.0',
    ...settings,
  });
}
