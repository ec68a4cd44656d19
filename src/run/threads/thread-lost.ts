/**
 * A thread ended by itself: a bug. What it was at work on stays open, and is never taken for a bad
 * object.
 */
export class ThreadLost extends Error {
  override readonly name = 'ThreadLost';

  constructor(why: string, cause?: unknown) {
    super(`a thread that copies ${why}`, cause === undefined ? undefined : { cause });
  }
}
