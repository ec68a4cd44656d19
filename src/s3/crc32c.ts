import { Crc32c } from '@aws-crypto/crc32c';

/** The CRC-32C of bytes, as an unsigned 32-bit number; Node has only CRC-32. */
export function crc32c(bytes: Uint8Array): number {
  return new Crc32c().update(bytes).digest();
}
