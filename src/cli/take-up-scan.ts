import type { Job } from '../checkpoint/job-folder.ts';
import type { Fingerprint } from '../model/checkpoint.ts';
import { FatalError } from '../model/failure.ts';
import type { ScanJournal } from '../model/scan-journal.ts';
import { fingerprintDifferences } from '../rules/job-fingerprint.ts';
import { openScanJournal } from '../scan/journal/scan-journal.ts';
import type { Cleanup } from './cleanup.ts';

/** The journal of a job's scan, open. */
export interface TakenUpScan {
  readonly journal: ScanJournal;
  /** Nothing of an earlier scan is gone on with; the job is still to be begun. */
  readonly isFresh: boolean;
}

/**
 * The journal of an interrupted job's scan, or that of a new one.
 * @throws FatalError `job-differs` where the state holds this job with other rules; its journal is
 * then left as it is. `state-unusable`.
 */
export async function takeUpScan(
  { checkpoint, directory }: Pick<Job, 'checkpoint' | 'directory'>,
  fingerprint: Fingerprint,
  cleanup: Cleanup,
): Promise<TakenUpScan> {
  const record = await checkpoint.load();
  const differing =
    record === undefined ? [] : fingerprintDifferences(record.fingerprint, fingerprint);
  if (differing.length > 0) {
    throw new FatalError(
      'job-differs',
      `this job was begun otherwise: ${differing.join('; ')}. Change it back to resume, or give --new-job, which sets the old state aside and starts afresh`,
    );
  }
  const isFresh = record === undefined || record.finished;
  const journal = await openScanJournal(directory, isFresh);
  cleanup.add(() => journal.close());
  return { journal, isFresh };
}
