import { describe, expect, test } from 'vitest';
import { conformanceClient } from '../contract/s3-conformance-client.ts';
import { unexplained, verdictsOf, type Difference } from '../contract/s3-conformance.ts';
import { RADOSGW_DIFFERENCES, SWIFT_DIFFERENCES } from './s3-differences.ts';
import { radosgw, swift, type RealStore } from './s3-server.ts';

async function check(
  store: RealStore,
  differences: Readonly<Record<string, Difference>>,
): Promise<void> {
  const client = conformanceClient(store, `conformance-${String(process.pid)}`);
  const verdicts = await verdictsOf(client);
  client.close();
  expect(unexplained(verdicts, differences)).toEqual([]);
}

describe('a real store answers as the double does, but for what is written down,', () => {
  test('radosgw', async () => {
    await check(await radosgw(), RADOSGW_DIFFERENCES);
  });

  test('swift with s3api, where it starts', async (context) => {
    const store = await swift();
    if (store === undefined) {
      context.skip();
      return;
    }
    await check(store, SWIFT_DIFFERENCES);
  });
});
