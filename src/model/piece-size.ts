/** Sizes of pieces between one power of two and the next. */
const STEPS = 4;

/**
 * How many bytes to reserve for so many, so that pieces of memory have one of a few sizes, and serve
 * the next object of about that size as well: a tenth more on average, a quarter at most.
 * @param mostBytes no more than this, or than is wanted
 */
export function pieceSizeBytes(bytes: number, mostBytes: number): number {
  const step = 2 ** Math.floor(Math.log2(Math.max(bytes, STEPS))) / STEPS;
  return Math.max(bytes, Math.min(Math.ceil(bytes / step) * step, mostBytes));
}
