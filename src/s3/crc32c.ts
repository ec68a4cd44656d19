import { createRequire } from 'node:module';
import type * as Package from '@aws-crypto/crc32c';

let loaded: typeof Package | undefined;

/**
 * The CRC-32C of bytes, as an unsigned 32-bit number; Node has only CRC-32. The package is loaded
 * by the first call: few buckets ask for this checksum.
 */
export function crc32c(bytes: Uint8Array): number {
  loaded ??= createRequire(import.meta.url)('@aws-crypto/crc32c') as typeof Package;
  return new loaded.Crc32c().update(bytes).digest();
}
