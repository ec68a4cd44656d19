import os from 'node:os';
import { isMainThread } from 'node:worker_threads';

import { DigestThread } from './digest-thread.ts';
import { type DigestAlgorithm, slicedDigests } from './sliced-digests.ts';

/** Less than this is hashed before a thread has heard of it and its answer has been. */
export const THREAD_BYTES = 128 * 1024;

/** Two hash faster than the bytes can come. */
const MAX_THREADS = 2;

/** One core is ours. A further thread that copies (`--workers`) has one of its own already. */
const THREADS = isMainThread ? Math.min(MAX_THREADS, os.availableParallelism() - 1) : 0;

/** Started by the first who needs one: small objects, which are most, never do. */
const threads: DigestThread[] = [];

/** The thread that is the first to have time. */
function nextThread(): DigestThread | undefined {
  const [first, ...others] = threads.filter(({ hasEnded }) => !hasEnded);
  const isBusy = first === undefined || first.queuedBytes > 0;
  if (isBusy && threads.length < THREADS) {
    const started = new DigestThread();
    threads.push(started);
    return started;
  }
  return others.reduce(
    (best, other) => (best && best.queuedBytes <= other.queuedBytes ? best : other),
    first,
  );
}

/**
 * Digests of bytes that may be many, and that are not changed meanwhile. What lies in shared memory
 * is hashed on a core of its own; the rest here by slices, between which other work gets its turn.
 * @returns the digests in the order of their algorithms
 */
export async function largeDigests(
  algorithms: readonly DigestAlgorithm[],
  bytes: Uint8Array,
  choose = nextThread,
): Promise<readonly Buffer[]> {
  const { buffer: memory, byteOffset: from, length } = bytes;
  const isShared = length >= THREAD_BYTES && memory instanceof SharedArrayBuffer;
  const thread = isShared ? choose() : undefined;
  if (!isShared || thread === undefined) return slicedDigests(algorithms, bytes);
  try {
    return await thread.digests({ algorithms, memory, from, length });
  } catch {
    // The thread broke down. The bytes are still here, and so are we.
    return slicedDigests(algorithms, bytes);
  }
}
