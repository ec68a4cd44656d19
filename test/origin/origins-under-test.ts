import { httpClient } from '../../src/http/http-client.ts';
import type { Origin } from '../../src/model/origin.ts';
import { s3Origin } from '../../src/origin/s3-origin.ts';
import { openS3Store } from '../../src/s3/open-s3-store.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { testOrigin } from '../support/fault-origin-adapter.ts';
import { NO_PROXIES } from '../support/fault-origin-client.ts';
import type { FaultOrigin } from '../support/fault-origin.ts';

/** Long enough for a busy machine; short enough to wait for where a body stalls. */
const TIMEOUTS = { connectMs: 5_000, firstByteMs: 5_000, idleMs: 200 };

/** An adapter of the Origin port that asks a fault origin for the key `o`. */
export interface OriginUnderTest {
  readonly kind: 'HTTP' | 'S3';
  readonly open: (server: FaultOrigin) => Origin;
  /** The raw path that it asks for. */
  readonly path: string;
}

export const ORIGINS_UNDER_TEST: readonly OriginUnderTest[] = [
  {
    kind: 'HTTP',
    open: (server) => testOrigin(`${server.url}/old/`, { timeouts: TIMEOUTS }),
    path: '/old/o',
  },
  { kind: 'S3', open: storeAt, path: '/old/o' },
];

/** Opens an S3 origin that sends each request once, unsigned. */
function storeAt(server: FaultOrigin): Origin {
  const http = httpClient({
    connections: 8,
    timeouts: TIMEOUTS,
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
    keys: undefined,
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
  return s3Origin({ name: 's3://old/', store: { ...store, close }, locate: (key) => key });
}
