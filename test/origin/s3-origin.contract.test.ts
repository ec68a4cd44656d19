import { httpClient } from '../../src/http/http-client.ts';
import { s3Origin } from '../../src/origin/s3-origin.ts';
import { openS3Store } from '../../src/s3/open-s3-store.ts';
import { originContract, type OriginFault } from '../contract/origin-contract.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { encodedKey } from '../support/fault-origin-adapter.ts';
import { NO_PROXIES } from '../support/fault-origin-client.ts';
import { faultOrigin } from '../support/fault-origin.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';

const FAULTS: Readonly<Record<OriginFault, FaultAnswer>> = {
  cut: { cutBody: { afterBytes: 1_000, how: 'end' } },
  reset: { cutBody: { afterBytes: 1_000, how: 'reset' } },
  stall: { cutBody: { afterBytes: 1_000, how: 'stall' } },
  silent: { cutHead: { afterBytes: 0, how: 'stall' } },
  unavailable: { status: 503, body: 'try later' },
};

originContract('S3', async () => {
  const server = await faultOrigin();
  server.script('/old', { get: {}, head: {} });
  const held = new Map<string, FaultAnswer>();
  const http = httpClient({
    connections: 8,
    timeouts: { connectMs: 1_000, firstByteMs: 150, idleMs: 150 },
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
  const origin = s3Origin({ name: 's3://old/base/', store, locate: (key) => `base/${key}` });
  const pathOf = (key: string): string => `/old/base/${encodedKey(key)}`;
  return {
    origin,
    hold: (key, { bytes, etag, contentType }) => {
      const answer = { body: bytes, headers: { ETag: etag, 'Content-Type': contentType } };
      held.set(key, answer);
      server.script(pathOf(key), {
        get: answer,
        ifNoneMatch: { [etag]: { status: 304, headers: { ETag: etag } } },
      });
    },
    spoil: (key, fault) => {
      server.script(pathOf(key), { ...held.get(key), ...FAULTS[fault] });
    },
    shutDown: () => server.close(),
    close: async () => {
      await origin.close();
      await http.close();
      await server.close();
    },
  };
});
