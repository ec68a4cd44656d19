import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { ListingEvent, RunEvent, ScanTotals } from '../model/event.ts';
import { Interrupted } from '../model/failure.ts';
import type { EntrySource, KeyEntry } from '../model/entry.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Clock, EventSink } from '../model/ports.ts';
import type { Rule } from '../model/rule.ts';
import type { KeyFilter } from '../plan/key-filter.ts';
import type { ManifestEntry } from '../model/scan-journal.ts';
import { durationText } from '../report/quantity.ts';
import type { Log } from '../report/log.ts';
import { scan } from '../run/scan/scan.ts';
import { manifestPath, openScanJournal } from '../scan/journal/scan-journal.ts';
import { sortByKey } from '../scan/sort/sort-by-key.ts';
import { sortedManifest } from '../scan/sort/sorted-manifest.ts';
import {
  decodeExpected,
  encodeExpected,
  type ExpectedObject,
  onceExpected,
} from '../verify/expected-object.ts';
import type { VerifyRecorder } from '../verify/verify-recorder.ts';
import type { OpenedWalks } from './open-walks.ts';
import { findingsOnly } from './scan-of-run.ts';
import type { Stop } from './stop-signals.ts';

/** What both ways of finding the expected objects need. */
export interface ExpectedNeeds {
  /** For files that don't outlive the command. */
  readonly folder: string;
  /** Whether a key is looked at. */
  readonly keeps: (key: ObjectKey) => boolean;
  readonly stop: Stop;
}

/**
 * What a list names, each key once, in order. Lines that hold no key are told to `recorder`.
 * @throws FatalError `usage`, `state-unusable`; what the drain was aborted with.
 */
export function listedObjects(
  list: EntrySource,
  recorder: VerifyRecorder,
  { folder, keeps, stop }: ExpectedNeeds,
): AsyncGenerator<readonly ExpectedObject[]> {
  return sortByKey<ExpectedObject>(namedKeys(list, recorder, keeps, stop.drain), {
    folder,
    encode: encodeExpected,
    decode: decodeExpected,
    same: onceExpected,
    signal: stop.drain,
  });
}

async function* namedKeys(
  list: EntrySource,
  recorder: VerifyRecorder,
  keeps: ExpectedNeeds['keeps'],
  signal: AbortSignal,
): AsyncGenerator<readonly KeyEntry[]> {
  for await (const { entries } of list.batches({ end: 0, prefixCrc: 0 }, signal)) {
    const named: KeyEntry[] = [];
    for (const entry of entries) {
      if ('invalid' in entry) recorder.tellInvalid(entry);
      else if (keeps(entry.key)) named.push(entry);
    }
    yield named;
  }
}

export interface ScannedNeeds extends ExpectedNeeds {
  readonly job: string;
  readonly walks: OpenedWalks;
  /** All of the file. */
  readonly rules: readonly Rule[];
  /** Absent: every key is meant. */
  readonly filter: KeyFilter | undefined;
  /** Pages at once. */
  readonly concurrency: number;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of what could not be listed. */
  readonly onUnlisted: (event: ListingEvent) => void;
  readonly onTotals: (totals: ScanTotals) => void;
}

/**
 * What the origins hold, each key once, in order; nothing is given before all of it is found.
 * @throws FatalError; Interrupted where the scan was stopped.
 */
export async function* scannedObjects(
  needs: ScannedNeeds,
): AsyncGenerator<readonly ExpectedObject[]> {
  const { folder, keeps, stop } = needs;
  const directory = path.join(folder, 'scan');
  await mkdir(directory);
  const bytes = await scanInto(directory, needs);
  const manifest = manifestPath(directory);
  for await (const found of sortedManifest({ manifest, bytes, folder, signal: stop.drain })) {
    yield found.filter(({ key }) => keeps(key)).map(expectedOf);
  }
}

/** @returns bytes of the manifest */
async function scanInto(directory: string, needs: ScannedNeeds): Promise<number> {
  const { job, walks, rules, filter, concurrency, clock, stop, log, onTotals } = needs;
  const journal = await openScanJournal(directory, true);
  let bytes = 0;
  try {
    const { totals, finished, fatal } = await scan({
      job,
      targets: walks.targets,
      rules,
      journal,
      filter,
      events: heard(needs),
      clock,
      concurrency,
      stop,
      warn: log.warn,
      onSaved: (saved) => {
        bytes = saved;
      },
      originRequests: walks.requests,
    });
    onTotals(totals);
    if (fatal !== undefined) throw fatal;
    if (!finished) throw new Interrupted(stop.drain.reason);
    return bytes;
  } finally {
    await journal.close();
  }
}

/** Silence for longer than this would look like a hang. */
const HEARTBEAT_MS = 10_000;

/** The command tells its own beginning, progress and end. */
function heard({ events, clock, log, onUnlisted }: ScannedNeeds): EventSink {
  const findings = findingsOnly(events);
  const startedMs = clock.now();
  let lastMs = startedMs;
  const emit = (event: RunEvent): void => {
    findings.emit(event);
    if (event.event === 'listing') onUnlisted(event);
    if (event.event !== 'progress' || clock.now() - lastMs < HEARTBEAT_MS) return;
    lastMs = clock.now();
    log.info(`scan: ${event.listed} keys found in ${durationText(lastMs - startedMs)}`);
  };
  return { emit, flush: () => events.flush() };
}

/** A date that is rounded, or may be of an earlier edit, names no version. */
const EXACT_MS = 1000;

function expectedOf(entry: ManifestEntry): ExpectedObject {
  const { key, size, etag, lastModifiedMs, resolutionMs = 0, racy } = entry;
  if (racy === true) return { key };
  return {
    key,
    ...(size === undefined ? {} : { size }),
    ...(etag === undefined ? {} : { etag }),
    ...(lastModifiedMs === undefined || resolutionMs > EXACT_MS ? {} : { lastModifiedMs }),
  };
}
