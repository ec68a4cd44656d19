import { httpClient, type HttpClientSettings, type HttpResponse } from '../http/http-client.ts';
import { Failure } from '../model/failure.ts';
import { originAccess, type AddressIdentity } from './origin-access.ts';

/** One URL that says whether something is well, every value resolved. */
export interface HealthProbeSettings extends Pick<
  HttpClientSettings,
  'timeouts' | 'allowPrivate' | 'proxies' | 'userAgent' | 'resolve'
> {
  /** As people are shown it: no query. */
  readonly name: string;
  readonly url: string;
  /** Of the address that the URL belongs to; undefined where it belongs to none. */
  readonly identity: AddressIdentity | undefined;
}

/** Asks that URL. */
export interface OpenedHealthProbe {
  /** Undefined for any 2xx whose body was whole; else the status, or why there was none. */
  readonly probe: (signal: AbortSignal) => Promise<string | undefined>;
  readonly close: () => Promise<void>;
}

/** Of a body that is read only so that the connection can be kept; a longer one is cut off. */
const MOST_BYTES = 64 * 1024;

const NOBODY: AddressIdentity = {
  headers: {},
  hostHeader: undefined,
  serverName: undefined,
  connectTo: undefined,
  tls: { ca: undefined, cert: undefined, key: undefined },
};

class Enough extends Error {}

/**
 * Opens nothing before the first probe. Redirects are not followed: a 3xx is not well.
 * @throws FatalError `usage` where the settings can't be worked with.
 */
export function healthProbe(settings: HealthProbeSettings): OpenedHealthProbe {
  const { name, url, identity } = settings;
  const client = httpClient({ ...settings, connections: 1 });
  const access = originAccess({ name, baseUrl: url, ...(identity ?? NOBODY) });
  const { home: target, homeHeaders: headers } = access;
  const request = { method: 'GET', target, headers, ...access.connection(target) };
  return {
    probe: async (signal) => {
      try {
        return await client.exchange(request, judge, signal);
      } catch (error) {
        if (error instanceof Failure) return error.message;
        throw error;
      }
    },
    close: () => client.close(),
  };
}

async function judge(response: HttpResponse): Promise<string | undefined> {
  const { status } = response;
  if (status < 200 || status > 299) return String(status);
  let bytes = 0;
  try {
    await response.pipeTo((chunk) => {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw new Enough();
    });
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  }
  return undefined;
}
