import { originContract } from '../contract/origin-contract.ts';
import { encodedKey, testOrigin } from '../support/fault-origin-adapter.ts';
import { faultHarness } from '../support/fault-origin-harness.ts';
import { faultOrigin } from '../support/fault-origin.ts';

originContract('HTTP', async () => {
  const server = await faultOrigin();
  const origin = testOrigin(`${server.url}/base/`, {
    timeouts: { connectMs: 1_000, firstByteMs: 500, idleMs: 500 },
  });
  return faultHarness(server, origin, (key) => `/base/${encodedKey(key)}`);
});
