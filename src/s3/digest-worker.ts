/** The thread behind `DigestThread`. */
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

import { type DigestAlgorithm, SLICE_BYTES } from './sliced-digests.ts';

/** Bytes to hash, in memory that both threads see. Each is answered by its digests, in turn. */
export interface DigestTask {
  readonly algorithms: readonly DigestAlgorithm[];
  readonly memory: SharedArrayBuffer;
  readonly from: number;
  readonly length: number;
}

const port = parentPort;

port?.on('message', ({ algorithms, memory, from, length }: DigestTask) => {
  const bytes = new Uint8Array(memory, from, length);
  const hashes = algorithms.map((name) => createHash(name));
  // Slice by slice, for what one hash has read is still near when the next one wants it.
  for (let at = 0; at < length; at += SLICE_BYTES) {
    const slice = bytes.subarray(at, at + SLICE_BYTES);
    for (const hash of hashes) hash.update(slice);
  }
  port.postMessage(hashes.map((hash) => hash.digest()));
});
