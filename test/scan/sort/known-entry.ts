import fc from 'fast-check';
import { objectKey } from '../../../src/model/object-key.ts';
import type { ManifestEntry } from '../../../src/model/scan-journal.ts';
import { oddKey } from './odd-keys.ts';

const DATED = fc.oneof(
  fc.record({
    lastModifiedMs: fc.integer({ min: 0, max: 4e12 }),
    resolutionMs: fc.constant(1000),
  }),
  fc.record({
    lastModifiedMs: fc.integer({ min: 0, max: 6e7 }).map((minutes) => minutes * 60_000),
    resolutionMs: fc.constant(60_000),
  }),
  fc.constant({}),
);

/** An entry as a manifest can hold it, with as much of it known as may be. */
export const knownEntry: fc.Arbitrary<ManifestEntry> = fc
  .record({
    key: oddKey.map(objectKey),
    otherKey: fc.option(oddKey, { nil: undefined }),
    dated: DATED,
    more: fc.record(
      {
        size: fc.nat(),
        etag: fc.constantFrom('"e"', 'W/"e"', '"a\\b"', '"\u00fc\n"', ''),
        racy: fc.constant(true as const),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ key, otherKey, dated, more }) => ({
    key,
    rule: 'r',
    originKey: otherKey ?? key,
    ...dated,
    ...more,
  }));
