import { FatalError } from '../model/failure.ts';
import type { ScanTotals } from '../model/event.ts';
import { ScanTally } from '../run/scan/scan-counts.ts';
import { loadSaved } from '../scan/journal/saved-scan.ts';

/**
 * What the scan of a job had found when it was saved last; a scan may be at work.
 * @param directory the job's, as `Job.directory` names it
 * @returns undefined where none was saved.
 * @throws FatalError `state-unusable`.
 */
export async function readScanStatus(directory: string): Promise<ScanTotals | undefined> {
  try {
    const saved = await loadSaved(directory);
    return saved === undefined ? undefined : ScanTally.of(saved.tallies).totals();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const why = `the scan in ${directory} can't be read (${said}): make it readable, or run with --new-job, which sets it aside and starts afresh`;
    throw new FatalError('state-unusable', why, error);
  }
}
