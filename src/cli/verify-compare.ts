import path from 'node:path';
import { byteBudget } from '../guard/byte-budget.ts';
import type { Bucket, ListedObject } from '../model/bucket.ts';
import type { EntrySource } from '../model/entry.ts';
import type { KeyChoice, ScanTotals } from '../model/event.ts';
import type { KeyFilter } from '../plan/key-filter.ts';
import type { EventSink } from '../model/ports.ts';
import type { Rules } from '../model/rule.ts';
import type { Log } from '../report/log.ts';
import type { Comparison } from '../verify/comparison.ts';
import { nearRows } from '../verify/near-rows.ts';
import { type Row, wholeRows } from '../verify/rows.ts';
import { UnlistedKeys } from '../verify/unlisted-keys.ts';
import { verify, type VerifyResult } from '../verify/verify.ts';
import { VerifyRecorder } from '../verify/verify-recorder.ts';
import type { Cleanup } from './cleanup.ts';
import { jobName } from './job-name.ts';
import { listBelow } from './list-below.ts';
import type { NamedList } from './named-list.ts';
import { type OpenedBucket, openBucket } from './open-bucket.ts';
import type { OpenedWalks } from './open-walks.ts';
import type { Stop } from './stop-signals.ts';
import type { Surroundings } from './surroundings.ts';
import { listedObjects, scannedObjects } from './verify-expected.ts';
import { openVerifyList } from './verify-list.ts';
import { comparedAtOnce, type VerifyCommandOptions } from './verify-options.ts';
import { type VerifyScope, verifyScope } from './verify-scope.ts';
import { openVerifySources, type VerifySources } from './verify-sources.ts';
import { pagesAtOnce, walksOfRun } from './walks-of-run.ts';

/** A comparison as it was asked for. */
export interface Verifying {
  readonly rulesFile: string;
  readonly rules: Rules;
  /** Absent: every key is meant. */
  readonly filter: KeyFilter | undefined;
  /** What the filter was asked for by. */
  readonly choice: KeyChoice | undefined;
  /** Undefined where a scan finds the keys. */
  readonly named: NamedList | undefined;
  readonly options: VerifyCommandOptions;
  readonly surroundings: Surroundings;
  readonly stop: Stop;
  readonly log: Log;
  /** Of the sample, where there is one. */
  readonly seed: string | undefined;
  readonly events: EventSink;
  /** For files that don't outlive the command. */
  readonly temp: string;
  readonly cleanup: Cleanup;
}

/** Everything that is compared, open and found usable. */
interface Sides {
  readonly scope: VerifyScope;
  /** Undefined where a scan finds the keys. */
  readonly list: EntrySource | undefined;
  /** Undefined where a list names the keys. */
  readonly walks: OpenedWalks | undefined;
  readonly opened: OpenedBucket;
  readonly sources: VerifySources;
  readonly comparison: Comparison;
  readonly originRequests: () => number;
}

/**
 * Opens both sides, checks what is sure to be asked, and compares.
 * @throws FatalError where it can't begin; what ends it later is in the result.
 */
export async function compareSides(verifying: Verifying): Promise<VerifyResult> {
  const { rulesFile, named, options, surroundings, stop, events, seed } = verifying;
  const sides = await openSides(verifying);
  const { scope, walks, opened, sources, comparison } = sides;
  const recorder = new VerifyRecorder(events);
  const unlisted = new UnlistedKeys();
  let scanned: ScanTotals | undefined;
  const found = {
    unlisted,
    onTotals: (totals: ScanTotals): void => {
      scanned = totals;
    },
  };
  return verify({
    job: jobName(rulesFile, 'verify', named?.keys, surroundings.cwd),
    comparison,
    rows: rowsOf(verifying, sides, recorder, found),
    ruleOf: scope.ruleOf,
    isExtra: (rule, key) => !unlisted.has(rule, key),
    sample: options.sample,
    seed,
    filter: verifying.choice,
    recorder,
    events,
    clock: surroundings.clock,
    concurrency: comparedAtOnce(options),
    stop,
    scanned: () => scanned,
    figures: () => ({
      bytes: sources.bytes(),
      originRequests: sides.originRequests() + (walks?.requests() ?? 0),
      bucketRequests: opened.requests(),
    }),
  });
}

async function openSides(verifying: Verifying): Promise<Sides> {
  const { rulesFile, rules, filter, named, options } = verifying;
  const { surroundings, stop, log, seed, cleanup } = verifying;
  const folder = path.dirname(path.resolve(surroundings.cwd, rulesFile));
  const { rule: only = [], sample, level } = options;
  const scope = verifyScope(rules, { only, isScan: named === undefined, filter, sample, seed });
  // A list that can't be read is found out before anybody is asked anything.
  const list = named && (await openVerifyList(named, verifying.temp, surroundings, verifying));
  const memory = byteBudget(options.memory);
  const means = { concurrency: comparedAtOnce(options), memory };
  const opened = await openBucket(rules.bucket, folder, means, stop.drain, surroundings, log);
  cleanup.add(() => opened.close());
  const { wanted } = scope;
  const sources = await openVerifySources({ ...verifying, wanted, folder }, cleanup);
  const scanning = { ...verifying, sources: sources.limits };
  const walks =
    named === undefined ? await walksOfRun(scanning, pagesAtOnce(options), cleanup) : undefined;
  if (level === 'full') await sources.byRule();
  await opened.check({ write: false, presence: false }, stop.drain);
  let requests = 0;
  const comparison: Comparison = {
    level,
    bucket: opened.bucket,
    facts: named === undefined ? 'found' : 'declared',
    sources: sources.byRule,
    memory,
    clock: surroundings.clock,
    refusesHead: new Set(),
    onOriginRequest: () => {
      requests += 1;
    },
  };
  const originRequests = (): number => requests;
  return { scope, list, walks, opened, sources, comparison, originRequests };
}

/** What a scan tells beside the keys. */
interface Found {
  readonly unlisted: UnlistedKeys;
  readonly onTotals: (totals: ScanTotals) => void;
}

function rowsOf(
  { rules, filter, options, surroundings, stop, log, events, temp }: Verifying,
  { scope, list, walks, opened }: Sides,
  recorder: VerifyRecorder,
  { unlisted, onTotals }: Found,
): AsyncIterable<readonly Row[]> {
  const { keeps } = scope;
  const needs = { folder: temp, keeps, stop };
  const { bucket } = opened;
  if (list !== undefined) {
    const named = listedObjects(list, recorder, needs);
    // A list of keys says nothing of others; a manifest is all that a scan has found.
    if (options.manifest === undefined) return nearRows(named, bucket, log.info, stop.drain);
    return wholeRows(named, inScope(bucket, scope, filter?.prefix, stop.drain));
  }
  if (walks === undefined) throw new Error('there is neither a list nor a scan');
  const scanned = scannedObjects({
    ...needs,
    job: 'verify',
    walks,
    rules: rules.rules,
    filter,
    concurrency: pagesAtOnce(options),
    events,
    clock: surroundings.clock,
    log,
    onUnlisted: ({ rule, prefix }) => {
      unlisted.add(rule, prefix);
    },
    onTotals,
  });
  return wholeRows(scanned, inScope(bucket, scope, filter?.prefix, stop.drain));
}

async function* inScope(
  bucket: Bucket,
  { wanted, keeps }: VerifyScope,
  prefix: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<readonly ListedObject[]> {
  for await (const page of listBelow(bucket, wanted, signal, prefix)) {
    yield page.filter(({ key }) => keeps(key));
  }
}
