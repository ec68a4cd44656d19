import type { SegmentRecord } from './checkpoint.ts';

/** The entries of a job that failed, as its checkpoint has them. */
export interface FailedEntries {
  /**
   * Segments with failures whose ids are behind `after` (-1: from the first), by id; some hundred at
   * once, none when that was all.
   */
  segments(after: number): Promise<readonly SegmentRecord[]>;
  /**
   * Opens the failed entries of a finished job again, in one durable step; its other entries stay as
   * they are, and the job is finished no more, unless none failed. @returns how many there are.
   */
  reopen(): Promise<number>;
}
