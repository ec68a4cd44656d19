import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';

import { bodyDigest } from '../../src/s3/body-digest.ts';

const hex = (algorithm: string, bytes: Uint8Array): string =>
  createHash(algorithm).update(bytes).digest('hex');

test.each(['md5', 'sha256'] as const)('a small body has its %s at once', (algorithm) => {
  for (const length of [0, 1, 4096, 256 * 1024]) {
    const bytes = Buffer.alloc(length, 'pattern');
    expect(bodyDigest(algorithm, bytes)).toBe(hex(algorithm, bytes));
  }
});

test('a larger one lets others have their turn', async () => {
  const bytes = Buffer.alloc(256 * 1024 + 1, 'pattern');
  const digest = bodyDigest('sha256', bytes);
  expect(digest).toBeInstanceOf(Promise);
  expect(await digest).toBe(hex('sha256', bytes));
});
