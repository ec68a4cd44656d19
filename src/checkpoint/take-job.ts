import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exclusiveLock } from './exclusive-lock.ts';
import { HOLDER_NOTE, type JobHolder } from './job-holder.ts';
import { directoryFailure } from './prepare-folder.ts';
import { JOB_ADVICE } from './state-failure.ts';

/** For the moment that somebody looks whether the lock is held. */
const LOOKED_AT_MS = 50;

/** A job that is to be taken. */
export interface Taking {
  /** The job's directory, which exists, and the state directory that it is in. */
  readonly directory: string;
  readonly stateDir: string;
  /** As the note says it. */
  readonly holder: JobHolder & { readonly since: string };
}

/**
 * Takes a job for this thread by a lock on its `lock.db`, which the kernel ends with the process.
 * `lock.json` beside it only tells people who holds it.
 * @returns what gives the job back, safe to call twice; undefined where another run holds it.
 * @throws FatalError `state-unusable`.
 */
export function takeJob({ directory, stateDir, holder }: Taking): (() => void) | undefined {
  try {
    const giveBack = exclusiveLock(join(directory, 'lock.db'), LOOKED_AT_MS, JOB_ADVICE);
    return giveBack && locked(giveBack, join(directory, HOLDER_NOTE), holder);
  } catch (error) {
    throw directoryFailure(error, stateDir);
  }
}

function locked(giveBack: () => void, note: string, holder: Taking['holder']): () => void {
  let isHeld = true;
  const unlock = () => {
    if (!isHeld) return;
    isHeld = false;
    rmSync(note, { force: true });
    giveBack();
  };
  try {
    // By way of a second file, so that no reader ever sees half a note.
    writeFileSync(`${note}.new`, `${JSON.stringify(holder)}\n`);
    renameSync(`${note}.new`, note);
    return unlock;
  } catch (error) {
    unlock();
    throw error;
  }
}
