import { originContract, type OriginFault } from '../contract/origin-contract.ts';
import { faultOrigin } from '../support/fault-origin.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
import { encodedKey, testOrigin } from '../support/fault-origin-adapter.ts';

const FAULTS: Readonly<Record<OriginFault, FaultAnswer>> = {
  cut: { cutBody: { afterBytes: 1_000, how: 'end' } },
  reset: { cutBody: { afterBytes: 1_000, how: 'reset' } },
  stall: { cutBody: { afterBytes: 1_000, how: 'stall' } },
  silent: { cutHead: { afterBytes: 0, how: 'stall' } },
  unavailable: { status: 503, body: 'try later' },
};

originContract('HTTP', async () => {
  const server = await faultOrigin();
  const held = new Map<string, FaultAnswer>();
  const origin = testOrigin(`${server.url}/base/`, {
    timeouts: { connectMs: 1_000, firstByteMs: 150, idleMs: 150 },
  });
  const pathOf = (key: string): string => `/base/${encodedKey(key)}`;
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
      await server.close();
    },
  };
});
