import type { Checkpoint, CheckpointBatch, ResultsKept } from '../model/checkpoint.ts';
import type { FailedEntries } from '../model/failed-entries.ts';
import { MAX_SEALED_BYTES, type UploadJournal } from '../model/upload-journal.ts';
import { type JobThread, startJobThread } from './job-thread.ts';

/** How long another program may hold the file, say a backup, before a write fails. */
const BUSY_TIMEOUT_MS = 5000;

export interface SqliteStateOptions {
  /** Made when it is missing; its directory must exist. */
  readonly file: string;
  /** Which outcomes get a line in `results/` beside the file. */
  readonly results: ResultsKept;
  /** Milliseconds since the epoch, for those lines. */
  readonly now: () => number;
  /** One that was started ahead; else a new one is. It is closed with the state. */
  readonly thread?: JobThread | undefined;
}

/** A job's failed entries, and whether they were opened before. */
export interface ReopenableEntries extends FailedEntries {
  /**
   * Whether `reopen` opened entries that are not all settled again, and none behind the end of the
   * finished job was begun since: settling them is then all that is left to do.
   */
  isReopened(): Promise<boolean>;
}

/** What one state file holds; closing the checkpoint closes all of it. */
export interface SqliteState {
  readonly checkpoint: Checkpoint;
  readonly uploads: UploadJournal;
  readonly failed: ReopenableEntries;
}

/**
 * A job's state over SQLite in a thread of its own. Calls are carried out in the order in which
 * they are made; changes that wait at the same time share one transaction. What a call is given
 * may be changed by the caller as soon as the call has returned its promise.
 *
 * @throws FatalError `state-unusable` where the file is foreign, damaged, of another version, or
 * can't be read or written.
 */
export async function openSqliteState(options: SqliteStateOptions): Promise<SqliteState> {
  const thread = options.thread ?? startJobThread();
  try {
    await thread.call({ op: 'open', file: options.file, busyTimeoutMs: BUSY_TIMEOUT_MS });
  } catch (error) {
    await thread.close();
    throw error;
  }
  return {
    checkpoint: checkpointOver(thread, options),
    uploads: uploadsOver(thread),
    failed: failedOver(thread),
  };
}

function checkpointOver(thread: JobThread, options: SqliteStateOptions): Checkpoint {
  return {
    results: options.results,
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
    async commit({ segments, results, finished }) {
      await thread.call({ op: 'commit', segments, lines: toLines(results, options.now), finished });
    },
    async close() {
      await thread.close();
    },
  };
}

/**
 * One string passes to the thread for far less than a graph of objects. The time goes in front of
 * what a result has by itself: a spread of both would cost more than the rest of the line.
 */
function toLines(results: CheckpointBatch['results'], now: () => number): string {
  const start = `{"time":"${new Date(now()).toISOString()}",`;
  let lines = '';
  for (const result of results) lines += `${start}${JSON.stringify(result).slice(1)}\n`;
  return lines;
}

function uploadsOver(thread: JobThread): UploadJournal {
  return {
    async keep(key, sealed) {
      if (Buffer.byteLength(sealed) > MAX_SEALED_BYTES) {
        throw new RangeError(`the record of an upload is larger than ${MAX_SEALED_BYTES} bytes`);
      }
      await thread.call({ op: 'keepUpload', key, sealed });
    },
    async drop(key) {
      await thread.call({ op: 'dropUpload', key });
    },
    async all() {
      return (await thread.call({ op: 'uploads' })).uploads;
    },
  };
}

function failedOver(thread: JobThread): ReopenableEntries {
  return {
    async segments(after) {
      return (await thread.call({ op: 'failedSegments', after })).segments;
    },
    async reopen() {
      return (await thread.call({ op: 'reopen' })).entries;
    },
    async isReopened() {
      return (await thread.call({ op: 'isReopened' })).isReopened;
    },
  };
}
