import type { EntrySource } from '../model/entry.ts';
import { FatalError } from '../model/failure.ts';
import type { EventSink } from '../model/ports.ts';
import type { ScanJournal } from '../model/scan-journal.ts';
import type { RunScan } from '../run/run.ts';
import { scan, type ScanResult } from '../run/scan/scan.ts';
import { type GrowingManifest, openGrowingManifest } from '../scan/growing-manifest.ts';
import { manifestPath } from '../scan/journal/scan-journal.ts';
import type { OpenedWalks } from './open-walks.ts';
import type { OpenedRun } from './run-command.ts';

export interface ScanBesideOptions {
  readonly job: string;
  readonly walks: OpenedWalks;
  readonly journal: ScanJournal;
  /** Where the journal is. */
  readonly directory: string;
  /** Pages at once. */
  readonly concurrency: number;
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
    begin: () => {
      scanning = scanInto(manifest, opened, options, ended.signal);
      // Whoever concludes the scan is told; until then nobody waits for it.
      scanning.catch(() => undefined);
    },
    moves: () => walks.requests(),
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
  { rules, surroundings, stop, log, events }: OpenedRun,
  { job, walks, journal, concurrency }: ScanBesideOptions,
  ended: AbortSignal,
): Promise<ScanResult> {
  try {
    const result = await scan({
      job,
      targets: walks.targets,
      rules: rules.rules,
      journal,
      events: findingsOnly(events),
      clock: surroundings.clock,
      concurrency,
      stop: {
        drain: AbortSignal.any([stop.drain, ended]),
        abort: AbortSignal.any([stop.abort, ended]),
      },
      warn: log.warn,
      onSaved: manifest.grow,
      originRequests: walks.requests,
    });
    const { finished, fatal = new Error('the scan was stopped') } = result;
    manifest.end(finished ? undefined : fatal);
    return result;
  } catch (error) {
    manifest.end(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

/** The run tells its own beginning, progress and end. */
export function findingsOnly(events: EventSink): EventSink {
  return {
    emit: (event) => {
      if (event.event === 'listing' || event.event === 'passed') events.emit(event);
    },
    flush: () => events.flush(),
  };
}
