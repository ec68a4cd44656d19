import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';

import { conformanceClient } from '../contract/s3-conformance-client.ts';
import { anyKeys, hasControls, hasDotSegments, isListable } from '../fidelity/any-keys.ts';
import { exactSite } from '../fidelity/exact-site.ts';
import {
  DIRECTORY,
  atStore,
  insideDirectory,
  travel,
  wronglyStored,
  wronglyTold,
} from '../fidelity/roads.ts';
import { radosgw, type RealStore } from './s3-server.ts';

const START_TIMEOUT_MS = 180_000;

/** Each round has keys of its own and four processes. */
const ROUNDS = 2;

let store: RealStore;

beforeAll(async () => {
  store = await radosgw();
}, START_TIMEOUT_MS);

/** All keys of a bucket, asked for by code that the program does not share. */
async function keysIn(bucket: string): Promise<string[]> {
  const client = conformanceClient(store, bucket);
  const { text: page } = await client.ask({
    method: 'GET',
    query: { 'list-type': '2', 'encoding-type': 'url', 'max-keys': '1000' },
  });
  client.close();
  const found = Array.from(page.matchAll(/<Key>([^<]*)<\/Key>/g), ([, key = '']) => key);
  const entities = { apos: "'", quot: '"', lt: '<', gt: '>', amp: '&' };
  return found
    .map((key) =>
      Object.entries(entities).reduce(
        (text, [name, said]) => text.replaceAll(`&${name};`, said),
        key,
      ),
    )
    .map((key) => decodeURIComponent(key.replaceAll('+', ' ')));
}

test('every key arrives as itself from a site in radosgw, and from there in a directory', async () => {
  const property = fc.asyncProperty(
    anyKeys,
    fc.integer({ min: 1, max: 40 }),
    async (some, killedAt) => {
      // A NUL ends its strings, so it refuses such keys; the site can't be asked for dot segments.
      const keys = some.filter(
        (key) => isListable(key) && !hasDotSegments(key) && !hasControls(key),
      );
      const site = await exactSite(keys);
      const bucket = await store.makeBucket();
      const env = {
        STORE_ACCESS_KEY_ID: store.accessKeyId,
        STORE_SECRET_ACCESS_KEY: store.secretAccessKey,
      };
      const there = atStore(store, bucket);
      const nowhere = () => Promise.resolve(new Map<string, string>());
      const up = { master: `"${site.url}"`, bucket: there };
      const filled = await travel(up, keys, killedAt, nowhere, { env });
      await site.close();
      expect(wronglyTold(filled, keys, [])).toEqual([]);
      expect((await keysIn(bucket)).sort()).toEqual([...keys].sort());
      const down = { master: there, bucket: DIRECTORY };
      const back = await travel(down, keys, killedAt, insideDirectory, { env });
      expect(wronglyTold(back, keys, [])).toEqual([]);
      expect(wronglyStored(back.inside, keys)).toEqual([]);
    },
  );
  await fc.assert(property, { numRuns: ROUNDS, endOnFailure: true });
});
