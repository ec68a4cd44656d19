import type { BodyMemory, ReservedMemory } from '../model/body-memory.ts';

const reserved = (bytes: number): ReservedMemory => {
  let piece: Uint8Array | undefined;
  return {
    piece: () => (piece ??= new Uint8Array(bytes)),
    release: () => undefined,
    recycle: () => undefined,
  };
};

/**
 * For bodies that are bounded otherwise: what a fill takes in goes to its spool, and an origin that
 * answers must never wait for a bucket. What is on its way into the bucket is of the real budget.
 */
export const unbounded: BodyMemory = {
  limitBytes: Infinity,
  reserve: (bytes) => reserved(bytes),
  begin: () => reserved(0),
  onWanted: () => () => undefined,
};
