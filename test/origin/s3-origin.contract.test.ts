import { originContract } from '../contract/origin-contract.ts';
import { encodedKey } from '../support/fault-origin-adapter.ts';
import { faultHarness } from '../support/fault-origin-harness.ts';
import { faultOrigin } from '../support/fault-origin.ts';
import { faultS3Origin } from '../support/fault-s3-origin.ts';

originContract('S3', async () => {
  const server = await faultOrigin();
  server.script('/old', { get: {}, head: {} });
  const timeouts = { connectMs: 1_000, firstByteMs: 500, idleMs: 500 };
  const origin = faultS3Origin(server, { timeouts, prefix: 'base/' });
  return faultHarness(server, origin, (key) => `/old/base/${encodedKey(key)}`);
});
