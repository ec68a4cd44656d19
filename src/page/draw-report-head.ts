import { drawShares } from './draw-shares.ts';
import { html, type Markup } from './html.ts';
import type { ReportView } from './report-view.ts';
import { showBytes, showCount, showElapsed, showTime } from './show-quantity.ts';

/** The verdict, and when the run was. */
export function drawReportVerdict(view: ReportView): Markup {
  const { verdict } = view;
  return html`<section aria-labelledby="verdict-title">
    <h2 id="verdict-title">How it went</h2>
    <div id="verdict" class="verdict"><p class="${verdict.tone}">${verdict.text}</p></div>
    <p class="note" id="when">${when(view)}</p>
    ${drawKept(view)}
  </section>`;
}

function when({ run, figures, isRunning }: ReportView): string {
  const { firstMs, lastMs } = figures;
  if (run === null) {
    if (firstMs === undefined || lastMs === undefined) return 'When it ran is not known.';
    const times = `from ${showTime(firstMs)} to ${showTime(lastMs)}`;
    return `Outcomes were noted ${times}; when the run began is not known.`;
  }
  const startedMs = Date.parse(run.started);
  const began = `The last run (${run.command}) began ${showTime(startedMs)}`;
  if (run.ended === null) {
    return isRunning
      ? `${began} and goes on.`
      : `${began} and ended without a word: it was killed.`;
  }
  const endedMs = Date.parse(run.ended);
  const ended = `${run.interrupted ? 'was interrupted' : 'ended'} ${showTime(endedMs)}`;
  return `${began} and ${ended}, after ${showElapsed(Math.max(endedMs - startedMs, 0))}.`;
}

/** What this report can't know is said, not passed over. */
function drawKept({ figures, totals }: ReportView): Markup {
  const { lines, earlier } = figures;
  const all = totals.listed;
  const missing =
    lines < all
      ? [
          `The state has a line for ${showCount(lines)} of ${showCount(all)} keys; what is below counts only those.`,
        ]
      : [];
  const before =
    earlier > 0
      ? [`${showCount(earlier)} outcomes are of earlier runs; the times below are of the last run.`]
      : [];
  return html`${[...missing, ...before].map((text) => html`<p class="note">${text}</p>`)}`;
}

/** What became of the keys, as a bar and as numbers. */
export function drawOutcomes(view: ReportView): Markup {
  const { totals, figures, run } = view;
  const { outcomes } = figures;
  const deleted = run?.summary?.deleted ?? outcomes['deleted'] ?? 0;
  return html`<section aria-labelledby="outcomes-title">
    <h2 id="outcomes-title">What became of the keys</h2>
    ${drawShares([
      { name: 'copied', count: totals.copied },
      { name: 'skipped', count: totals.skipped },
      { name: 'failed', count: totals.failed },
      { name: 'deleted', count: deleted },
      { name: 'planned', count: outcomes['planned'] ?? 0 },
    ])}
    <dl id="facts">${factsOf(view).map(([name, value]) => drawFact(name, value))}</dl>
  </section>`;
}

function factsOf({ totals, figures, run }: ReportView): readonly (readonly [string, string])[] {
  const summary = run?.summary ?? null;
  const always = [
    ['Keys', showCount(totals.listed)],
    ['Bytes stored', showBytes(Math.max(figures.bytes, summary?.bytes ?? 0))],
  ] as const;
  if (summary === null) return always;
  const { carried, bytes, elapsedMs } = summary;
  const seconds = Math.max(elapsedMs / 1000, 0.001);
  return [
    ...always,
    ['Carried from earlier runs', showCount(carried.listed)],
    ['Examined by the last run', showCount(summary.listed)],
    ['Objects a second', showCount(Math.round(summary.listed / seconds))],
    ['Bytes a second', `${showBytes(Math.round(bytes / seconds))}/s`],
    ['Requests to origins', showCount(summary.originRequests)],
    ['Requests to the bucket', showCount(summary.bucketRequests)],
  ];
}

function drawFact(name: string, value: string): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}
