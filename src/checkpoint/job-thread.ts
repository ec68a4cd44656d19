import type { StoreQuestion, StoreReply, StoreWrite } from './job-protocol.ts';
import { StoreThread } from './store-thread.ts';

/** The thread behind a job's state. */
export type JobThread = StoreThread<StoreQuestion | StoreWrite, StoreReply>;

/**
 * Starts a thread for a job's state. It takes as long to load as a command does, on another core,
 * so a command may start it before it opens its job. It opens nothing by itself, and is closed by
 * whoever started it.
 */
export function startJobThread(): JobThread {
  return new StoreThread('sqlite-worker', 'the checkpoint');
}
