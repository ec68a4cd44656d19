import type { ScanTotals } from '../model/event.ts';
import type { CutoverStatus, GaugeWindow } from '../model/serve-status.ts';
import { showText } from '../page/show-text.ts';
import { choiceText } from '../report/choice-text.ts';
import { countText } from '../report/quantity.ts';
import type { JobStatus } from './jobs-of-rules.ts';

/** Lines for people: a job, how far it is, and what is left of it. */
export function jobText(job: JobStatus): string {
  const { holder, filter, scan } = job;
  const command = job.command === null ? '' : ` (${job.command})`;
  const by = holder === null ? '' : `, process ${holder.pid} on ${showText(holder.host)}`;
  const since = holder === null ? '' : `, since ${minuteOf(holder.since)}`;
  return [
    `job ${job.job}${command}: ${job.state}${by}${since}`,
    ...(filter === null ? [] : [`  only keys that these let through: ${choiceText(filter)}`]),
    ...(scan === null ? [] : scanLines(scan)),
    // A scan's own job copies nothing.
    ...(job.command === 'scan' ? [] : copyLines(job)),
    `  last change ${minuteOf(job.changed)}`,
  ].join('\n');
}

function scanLines({ pages, keys, listingErrors }: ScanTotals): readonly string[] {
  const walked = `  scan: ${counted(pages, 'page')} walked, ${counted(keys, 'key')} found`;
  const missing = `  ${counted(listingErrors, 'page')} not listed: keys below are missing, scan again`;
  return listingErrors === 0 ? [walked] : [walked, missing];
}

function copyLines(job: JobStatus): readonly string[] {
  const { listed, copied, skipped, failed, uploads, openSegments, openEntries, reopened } = job;
  const lines = [
    `  ${countText(listed)} listed: ${countText(copied)} copied, ${countText(skipped)} skipped, ${countText(failed)} failed`,
  ];
  if (failed > 0) {
    lines.push(
      `  ${countText(failed)} failed: see \`bucketfill report\`, try again with \`bucketfill retry\` (${failuresText(job)})`,
    );
  }
  if (openSegments > 0) {
    lines.push(`  open: ${counted(openSegments, 'segment')} with ${counted(openEntries, 'key')}`);
  }
  if (reopened && job.state === 'interrupted') {
    lines.push('  a retry was interrupted: `bucketfill retry` goes on with it');
  }
  if (uploads > 0) lines.push(`  ${counted(uploads, 'large object')} begun`);
  return lines;
}

function failuresText({ failures }: JobStatus): string {
  return Object.entries(failures)
    .toSorted(([, one], [, other]) => other - one)
    .map(([code, count]) => `${countText(count)} ${code}`)
    .join(', ');
}

/** Lines for people: the verdict as serve says it, and what it comes from. */
export function cutoverText({
  verdict,
  sinceMs,
  windows,
  perRule,
  lastKeys,
}: CutoverStatus): string {
  const since = sinceMs === null ? [] : [`  watched since ${timeText(sinceMs)}`];
  const rules = perRule.flatMap(({ rule, windows: ofRule }) => [
    `  ${rule === null ? 'keys of no rule' : `rule ${rule}`}`,
    ...ofRule.map((window) => `    ${windowText(window)}`),
  ]);
  const keys = lastKeys.map(
    ({ key, rule, mark, timeMs }) =>
      `    ${timeText(timeMs)}  ${mark ?? 'none'}  ${rule ?? '–'}  ${showText(key)}`,
  );
  return [
    verdict.text,
    ...since,
    ...windows.map((window) => `  ${windowText(window)}`),
    ...rules,
    ...(keys.length === 0 ? [] : ['  keys that needed the origin last', ...keys]),
  ].join('\n');
}

function windowText({ hours, requests, neededOrigin, keys, moreKeys }: GaugeWindow): string {
  const different = `${moreKeys ? 'more than ' : ''}${counted(keys, 'key')}`;
  const needed = `${countText(neededOrigin)} needed the origin (${different})`;
  return `last ${hours} h: ${counted(requests, 'request')}, ${needed}`;
}

function counted(count: number, what: string): string {
  return `${countText(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** `2026-11-20 04:00 UTC` */
function timeText(timeMs: number): string {
  return minuteOf(new Date(timeMs).toISOString());
}

function minuteOf(iso: string): string {
  return `${showText(iso.slice(0, 16).replace('T', ' '))} UTC`;
}
