import {
  httpClient,
  type HttpClient,
  type HttpClientSettings,
  type HttpRequest,
} from '../../src/http/http-client.ts';
import type { DialIdentity } from '../../src/http/dial.ts';
import { targetUrl } from '../../src/http/target-url.ts';
import type { Headers } from '../../src/model/ports.ts';

/** The HTTP client as tests drive it. */
export type TestClient = HttpClient;

/** The environment has no proxies. */
export const NO_PROXIES = { http: undefined, https: undefined, none: undefined };

/** A client that may dial loopback addresses, with short but not nervous timeouts. */
export function testClient(settings: Partial<HttpClientSettings> = {}): TestClient {
  return httpClient({
    connections: 4,
    timeouts: { connectMs: 5_000, firstByteMs: 5_000, idleMs: 5_000 },
    allowPrivate: true,
    proxies: NO_PROXIES,
    userAgent: 'bucketfill/0.0.0',
    ...settings,
  });
}

/** Shared by the requests of a test, so that they share their connections. */
const PLAIN_IDENTITY: DialIdentity = {};

/** A GET of `url`. */
export function request(
  url: string,
  headers: Headers = {},
  identity: DialIdentity = PLAIN_IDENTITY,
): HttpRequest {
  const target = targetUrl(url);
  if (target === undefined) throw new Error(`no URL: ${url}`);
  return { method: 'GET', target, headers, identity };
}
