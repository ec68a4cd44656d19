const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** S3 accepts parts numbered 1 to 10,000 (AWS S3 User Guide, "Multipart upload limits"). */
export const MAX_PARTS = 10_000;

/** Every part but the last has at least this many bytes (ibid.). */
export const MIN_PART_BYTES = 5 * MIB;

/** No part has more bytes than this (ibid.). */
export const MAX_PART_BYTES = 5 * GIB;

/** What the parts of an object of unknown length must be able to hold together: 5 TiB. */
const MAX_UNKNOWN_BYTES = 5 * 1024 ** 4;

/** Parts of one size in a row, where the length is unknown. */
const PARTS_PER_STEP = 100;

/** How much larger the parts of the next step are: 10,000 parts from 5 MiB on hold 5.24 TiB. */
const STEP_BYTES = 11 * MIB;

/**
 * The size of a part in bytes, the last of an object excepted, which may be shorter.
 *
 * Where the length is known all parts have one size, large enough for {@link MAX_PARTS} of them.
 * Where it is not, parts grow by steps, so that short bodies take little memory and 5 TiB still
 * fit.
 * @param number of the part, from 1
 * @param wanted the configured size in bytes; S3's limits go before it
 * @param length of the object in bytes, undefined where it is unknown
 */
export function partSizeBytes(number: number, wanted: number, length: number | undefined): number {
  const least = Math.max(wanted, MIN_PART_BYTES);
  if (length !== undefined) {
    const share = Math.ceil(Math.ceil(length / MAX_PARTS) / MIB) * MIB;
    return Math.min(Math.max(least, share), MAX_PART_BYTES);
  }
  if (least * MAX_PARTS >= MAX_UNKNOWN_BYTES) return Math.min(least, MAX_PART_BYTES);
  return least + Math.floor((number - 1) / PARTS_PER_STEP) * STEP_BYTES;
}
