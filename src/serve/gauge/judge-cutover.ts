import type { GaugeCount, GaugeKey, GaugeRecord, GaugeWatch } from '../../model/gauge-store.ts';
import type { CutoverStatus, GaugeWindow } from '../../model/serve-status.ts';
import { HOUR_MS, hourOf } from './hour-counts.ts';

/** So many different keys are counted exactly; beyond that it is "more than". */
export const EXACT_KEYS = 10_000;
/** So long nobody may have watched without the watch beginning anew. */
export const MAX_GAP_MS = HOUR_MS;
/** The record goes back so far: the longest window. */
export const KEPT_HOURS = 168;

const WINDOWS = [1, 24, KEPT_HOURS] as const;
/** The verdict is about so many hours. */
const JUDGED_HOURS = 24;
const MINUTE_MS = 60_000;
const LAST_KEYS = 20;

/**
 * What a record says about the cutover. The origins can be switched off when, for 24 hours in which
 * requests came and were watched without a gap, no key needed one.
 */
export function judgeCutover(record: GaugeRecord, nowMs: number): CutoverStatus {
  const latestFirst = record.keys.toSorted((one, other) => other.timeMs - one.timeMs);
  const windows = windowsOf(record.counts, latestFirst, nowMs);
  return {
    verdict: verdictOf(record, windows, latestFirst[0], nowMs),
    sinceMs: record.watch?.sinceMs ?? null,
    windows,
    perRule: perRule(record.counts, latestFirst, nowMs),
    byHour: byHour(record.counts, nowMs),
    lastKeys: latestFirst.slice(0, LAST_KEYS),
  };
}

function verdictOf(
  { watch }: GaugeRecord,
  windows: readonly GaugeWindow[],
  last: GaugeKey | undefined,
  nowMs: number,
): CutoverStatus['verdict'] {
  const judged = windows.find(({ hours }) => hours === JUDGED_HOURS);
  if (judged !== undefined && judged.keys > 0) {
    return no(`safe to switch off: no, ${keysText(judged)} needed the origin in the last 24 h`);
  }
  if (watch === undefined) return no('not yet: it has not been watching so far');
  const missing = missingOf(watch, nowMs);
  if (missing !== undefined) return no(`not yet: ${missing}`);
  if (judged?.requests === 0) return no('not yet: no request came in the last 24 h');
  const sinceMs = Math.max(watch.sinceMs, last?.timeMs ?? 0);
  const text = 'safe to switch off: yes, no key needed the origin in the last 24 h';
  return { safe: true, text: `${text} (since ${utc(sinceMs)})` };
}

/** `1 key`, `14 keys`, `more than 10,000 keys` */
function keysText({ keys, moreKeys }: GaugeWindow): string {
  const count = keys.toLocaleString('en-US');
  return `${moreKeys ? 'more than ' : ''}${count} ${keys === 1 ? 'key' : 'keys'}`;
}

/** What a watch lacks to be judged by; undefined where it lacks nothing. */
function missingOf({ sinceMs, untilMs }: GaugeWatch, nowMs: number): string | undefined {
  if (nowMs - untilMs > MAX_GAP_MS) return `nothing has been watching since ${utc(untilMs)}`;
  const watchedMs = Math.max(0, nowMs - sinceMs);
  if (watchedMs >= JUDGED_HOURS * HOUR_MS) return undefined;
  return `it has been watching for only ${duration(watchedMs)}`;
}

function no(text: string): CutoverStatus['verdict'] {
  return { safe: false, text };
}

function windowsOf(
  counts: readonly GaugeCount[],
  keys: readonly GaugeKey[],
  nowMs: number,
): GaugeWindow[] {
  return WINDOWS.map((hours) => {
    const beginMs = nowMs - hours * HOUR_MS;
    const fromMs = hourOf(beginMs);
    const sum = { requests: 0, neededOrigin: 0 };
    for (const { hourMs, requests, neededOrigin } of counts) {
      if (hourMs < fromMs) continue;
      sum.requests += requests;
      sum.neededOrigin += neededOrigin;
    }
    const within = keys.filter(({ timeMs }) => timeMs > beginMs).length;
    const moreKeys = within > EXACT_KEYS;
    return { hours, fromMs, ...sum, keys: moreKeys ? EXACT_KEYS : within, moreKeys };
  });
}

function perRule(
  counts: readonly GaugeCount[],
  keys: readonly GaugeKey[],
  nowMs: number,
): CutoverStatus['perRule'] {
  const countsOf = byRule(counts);
  const keysOf = byRule(keys);
  const rules = [...new Set([...countsOf.keys(), ...keysOf.keys()])];
  return rules
    .map((rule) => ({
      rule,
      windows: windowsOf(countsOf.get(rule) ?? [], keysOf.get(rule) ?? [], nowMs),
    }))
    .sort((one, other) => neededLately(other.windows) - neededLately(one.windows));
}

function byRule<N extends { readonly rule: string | null }>(
  notes: readonly N[],
): Map<string | null, N[]> {
  const groups = new Map<string | null, N[]>();
  for (const note of notes) {
    const group = groups.get(note.rule);
    if (group === undefined) groups.set(note.rule, [note]);
    else group.push(note);
  }
  return groups;
}

function neededLately(windows: readonly GaugeWindow[]): number {
  return windows.find(({ hours }) => hours === JUDGED_HOURS)?.neededOrigin ?? 0;
}

function byHour(counts: readonly GaugeCount[], nowMs: number): CutoverStatus['byHour'] {
  const fromMs = hourOf(nowMs) - (KEPT_HOURS - 1) * HOUR_MS;
  const sums = new Map<number, { hourMs: number; requests: number; neededOrigin: number }>();
  for (const { hourMs, requests, neededOrigin } of counts) {
    if (hourMs < fromMs) continue;
    const sum = sums.get(hourMs) ?? { hourMs, requests: 0, neededOrigin: 0 };
    sum.requests += requests;
    sum.neededOrigin += neededOrigin;
    sums.set(hourMs, sum);
  }
  return [...sums.values()].sort((one, other) => one.hourMs - other.hourMs);
}

/** `3 h`, or `12 min` below an hour. */
function duration(ms: number): string {
  const hours = Math.floor(ms / HOUR_MS);
  return hours > 0 ? `${hours} h` : `${Math.floor(ms / MINUTE_MS)} min`;
}

/** `2026-11-20 04:00 UTC` */
function utc(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
