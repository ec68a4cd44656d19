import { describe, expect, it } from 'vitest';

import type { EventKey, ObjectOutcome } from '../../src/model/event.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { objectEvent, resultOf } from '../../src/run/told-outcome.ts';

const UNTIMED: ObjectOutcome = {
  outcome: 'copied',
  rule: 'all',
  bytes: 7,
  origin: 'http://origin.test/',
  attempts: 2,
  etag: '"e"',
  lengthVerified: true,
};
const COPIED = { ...UNTIMED, elapsedMs: 11 };
const OUTCOMES: readonly ObjectOutcome[] = [
  COPIED,
  UNTIMED,
  { ...COPIED, differs: [{ origin: 'http://other.test/', bytes: 9 }] },
  { outcome: 'skipped', rule: 'all', reason: 'exists' },
  { outcome: 'skipped', rule: null, reason: 'no-rule' },
  { outcome: 'failed', rule: 'all', code: 'ORIGIN_STATUS', message: 'no', attempts: 1 },
];
const KEYS: readonly EventKey[] = [{ key: objectKey('a/b') }, { keyBase64: '/w==' }];

describe('what is told of an outcome', () => {
  it.each(OUTCOMES.flatMap((outcome) => KEYS.map((key) => [outcome, key] as const)))(
    'has every field of it and no other: %j of %j',
    (outcome, key) => {
      expect(objectEvent(key, outcome)).toStrictEqual({ event: 'object', ...key, ...outcome });
      const place = { segment: 3, index: 5 };
      expect(resultOf(3, 5, key, outcome)).toStrictEqual({ ...place, ...key, ...outcome });
    },
  );
});
