import { httpClient, type HttpClientSettings } from '../../src/http/http-client.ts';
import type { Origin } from '../../src/model/origin.ts';
import { s3Origin } from '../../src/origin/s3-origin.ts';
import { openS3Store } from '../../src/s3/open-s3-store.ts';
import { fakeClock } from './fake-clock.ts';
import { NO_PROXIES } from './fault-origin-client.ts';
import type { FaultOrigin } from './fault-origin.ts';

export interface FaultS3Options {
  readonly timeouts: HttpClientSettings['timeouts'];
  /** In front of every key; default: none. */
  readonly prefix?: string;
  /** Default: unsigned. */
  readonly keys?: Parameters<typeof openS3Store>[0]['keys'];
}

/** Opens the bucket `old` of a scripted server as an S3 origin that sends each request once. */
export function faultS3Origin(server: FaultOrigin, options: FaultS3Options): Origin {
  const { timeouts, prefix = '', keys } = options;
  const http = httpClient({
    connections: 8,
    timeouts,
    allowPrivate: true,
    proxies: NO_PROXIES,
    userAgent: 'test',
  });
  const store = openS3Store({
    name: 's3://old/',
    endpoint: server.url,
    region: 'us-east-1',
    bucket: 'old',
    pathStyle: true,
    keys,
    requesterPays: false,
    http,
    identity: {},
    clock: fakeClock(),
    retry: { attempts: 1, delayMs: () => 0 },
  });
  const close = async (): Promise<void> => {
    await store.close();
    await http.close();
  };
  const owned = { ...store, close };
  return s3Origin({ name: `s3://old/${prefix}`, store: owned, locate: (key) => prefix + key });
}
