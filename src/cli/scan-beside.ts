import type { EntrySource } from '../model/entry.ts';
import { FatalError } from '../model/failure.ts';
import type { RunScan, Tell } from '../run/run.ts';
import type { ScanResult } from '../run/scan/scan.ts';
import { type GrowingManifest, openGrowingManifest } from '../scan/growing-manifest.ts';
import { manifestPath } from '../scan/journal/scan-journal.ts';
import type { OpenedRun } from './run-command.ts';
import { leftOutBefore, type RunScanning, scanOfRun } from './scan-of-run.ts';

export interface ScanBesideOptions extends RunScanning {
  /** Where the journal is. */
  readonly directory: string;
}

/** A scan that goes on while the engine works on what it has found. */
export interface ScanBeside extends RunScan {
  readonly entries: EntrySource;
  readonly close: () => Promise<void>;
}

/**
 * Makes a run's entries by a scan. The engine is given what the journal has saved, and nothing
 * else: whatever happens, what a checkpoint counts on is in the manifest.
 * @throws FatalError `state-unusable`.
 */
export async function scanBeside(
  opened: OpenedRun,
  options: ScanBesideOptions,
): Promise<ScanBeside> {
  const { journal, directory, walks } = options;
  const saved = journal.standing?.manifestBytes ?? 0;
  const manifest = await openGrowingManifest(manifestPath(directory), saved);
  const ended = new AbortController();
  let scanning: Promise<ScanResult> | undefined;
  return {
    entries: manifest.entries,
    begin: (tell) => {
      scanning = scanInto(manifest, opened, options, tell, ended.signal);
      // Whoever concludes the scan is told; until then nobody waits for it.
      scanning.catch(() => undefined);
    },
    moves: () => walks.requests(),
    carried: leftOutBefore(journal),
    conclude: async () => {
      // A drained scan finishes its pages, as the engine does its objects.
      if (!opened.stop.drain.aborted) ended.abort();
      try {
        const result = await scanning;
        return { totals: result?.totals, fatal: result?.fatal, requests: walks.requests() };
      } catch (error) {
        if (!(error instanceof FatalError)) throw error;
        return { totals: undefined, fatal: error, requests: walks.requests() };
      }
    },
    close: async () => {
      ended.abort();
      await scanning?.catch(() => undefined);
      await manifest.close();
    },
  };
}

/** Scans, and ends the manifest when nothing more comes. */
async function scanInto(
  manifest: GrowingManifest,
  opened: OpenedRun,
  options: ScanBesideOptions,
  tell: Tell,
  ended: AbortSignal,
): Promise<ScanResult> {
  try {
    const result = await scanOfRun(opened, options, tell, ended, manifest.grow);
    const { finished, fatal = new Error('the scan was stopped') } = result;
    manifest.end(finished ? undefined : fatal);
    return result;
  } catch (error) {
    manifest.end(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
