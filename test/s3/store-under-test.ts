import { openS3Store, type S3StoreSettings } from '../../src/s3/open-s3-store.ts';
import type { S3Request, S3Store } from '../../src/s3/s3-store.ts';

import { testClient, type TestClient } from '../support/fault-origin-client.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';

/** Never aborts. */
export const NEVER = new AbortController().signal;

/** A store with all that it was made of. */
export interface StoreUnderTest {
  readonly store: S3Store;
  readonly clock: FakeClock;
  /** Every wait that the retry policy was asked for. */
  readonly waits: readonly (readonly [failures: number, retryAfterMs: number | undefined])[];
  readonly client: TestClient;
}

/** A store for the bucket `b` at a loopback endpoint, in path style; retries don't wait. */
export function storeUnderTest(
  endpoint: string,
  settings: Partial<S3StoreSettings> = {},
): StoreUnderTest {
  const clock = fakeClock();
  const waits: [number, number | undefined][] = [];
  const client = testClient();
  const store = openS3Store({
    name: 's3://b/',
    endpoint,
    region: 'us-east-1',
    bucket: 'b',
    pathStyle: true,
    keys: () =>
      Promise.resolve({ accessKeyId: 'AK', secretAccessKey: 'SK', sessionToken: undefined }),
    requesterPays: false,
    http: client,
    identity: {},
    clock: { now: () => clock.now(), sleep: () => Promise.resolve() },
    retry: {
      attempts: 3,
      delayMs: (failures, retryAfterMs) => {
        waits.push([failures, retryAfterMs]);
        return 1;
      },
    },
    ...settings,
  });
  return { store, clock, waits, client };
}

/** A GET of `key`. */
export function getRequest(key: string | undefined, more: Partial<S3Request> = {}): S3Request {
  return { method: 'GET', key, query: [], headers: {}, body: undefined, ...more };
}

/** An error's body as S3 writes it. */
export function errorXml(code: string, more = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>told so</Message>${more}<RequestId>R1</RequestId></Error>`;
}
