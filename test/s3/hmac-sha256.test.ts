import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';

import { hmacSha256 } from '../../src/s3/hmac-sha256.ts';

test('agrees with the HMAC of the platform, text after text', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.array(fc.string({ unit: 'binary-ascii', maxLength: 2000 }), { maxLength: 4 }),
      (key, texts) => {
        const own = hmacSha256(key);
        for (const text of texts) {
          expect(own(text)).toBe(createHmac('sha256', key).update(text).digest('hex'));
        }
      },
    ),
  );
});

test('a key that would have to be hashed first is refused', () => {
  expect(() => hmacSha256(new Uint8Array(65))).toThrow('65 bytes');
});
