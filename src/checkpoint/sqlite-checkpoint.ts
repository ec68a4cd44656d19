import type { Checkpoint } from '../model/checkpoint.ts';
import { StoreThread } from './store-thread.ts';

/** How long another program may hold the file, say a backup, before a write fails. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * The Checkpoint port over SQLite in a thread of its own. Calls are carried out in the order in
 * which they are made; commits that wait at the same time share one transaction. What a call is
 * given may be changed by the caller as soon as the call has returned its promise.
 *
 * @param file made when it is missing; its directory must exist.
 * @throws FatalError `state-unusable` where the file is foreign, damaged, of a newer version, or
 * can't be read or written.
 */
export async function sqliteCheckpoint(file: string): Promise<Checkpoint> {
  const thread = new StoreThread();
  try {
    await thread.call({ op: 'open', file, busyTimeoutMs: BUSY_TIMEOUT_MS });
  } catch (error) {
    await thread.close();
    throw error;
  }
  return {
    async load() {
      return (await thread.call({ op: 'load' })).record;
    },
    async begin(fingerprint) {
      await thread.call({ op: 'begin', fingerprint });
    },
    async totals() {
      return (await thread.call({ op: 'totals' })).totals;
    },
    async openSegments() {
      return (await thread.call({ op: 'openSegments' })).segments;
    },
    async commit(segments, finished) {
      await thread.call({ op: 'commit', segments, finished });
    },
    async close() {
      await thread.close();
    },
  };
}
