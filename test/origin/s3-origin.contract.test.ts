import { httpClient } from '../../src/http/http-client.ts';
import { s3Origin } from '../../src/origin/s3-origin.ts';
import { openS3Store } from '../../src/s3/open-s3-store.ts';
import { originContract } from '../contract/origin-contract.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { encodedKey } from '../support/fault-origin-adapter.ts';
import { NO_PROXIES } from '../support/fault-origin-client.ts';
import { faultHarness } from '../support/fault-origin-harness.ts';
import { faultOrigin } from '../support/fault-origin.ts';

originContract('S3', async () => {
  const server = await faultOrigin();
  server.script('/old', { get: {}, head: {} });
  const http = httpClient({
    connections: 8,
    timeouts: { connectMs: 1_000, firstByteMs: 500, idleMs: 500 },
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
  const owned = {
    ...store,
    close: async () => {
      await store.close();
      await http.close();
    },
  };
  const origin = s3Origin({ name: 's3://old/base/', store: owned, locate: (key) => `base/${key}` });
  return faultHarness(server, origin, (key) => `/old/base/${encodedKey(key)}`);
});
