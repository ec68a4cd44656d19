import { drawBars } from './draw-bars.ts';
import { drawTable } from './draw-table.ts';
import { drawText } from './draw-text.ts';
import { html, type Markup } from './html.ts';
import type { ReportedFigures, ReportView } from './report-view.ts';
import { showBytes, showCount, showElapsed, showShare, showTime } from './show-quantity.ts';

/** Both charts share their time and never their scale. */
export function drawThroughput({ figures }: ReportView): Markup {
  const { spans, widthMs } = figures.timeline;
  const first = spans[0];
  const last = spans.at(-1);
  const body =
    first === undefined || last === undefined
      ? html`<p class="nothing">no outcome of the last run is noted</p>`
      : html`${drawCharts(figures, first.startMs, last.startMs)}
          <p class="axis">
            <span>${showTime(first.startMs)}</span><span>a bar is ${widthText(widthMs)}</span
            ><span>${showTime(last.startMs + widthMs)}</span>
          </p>`;
  return html`<section aria-labelledby="throughput-title">
    <h2 id="throughput-title">Throughput</h2>
    <div id="throughput">${body}</div>
  </section>`;
}

function drawCharts({ timeline }: ReportedFigures, firstMs: number, lastMs: number): Markup {
  const { spans, widthMs } = timeline;
  const seconds = widthMs / 1000;
  const slotOf = (startMs: number): number => Math.round((startMs - firstMs) / widthMs);
  const bytesText = (bytes: number): string => `${showBytes(Math.round(bytes / seconds))}/s`;
  const objectsText = (objects: number): string => `${rateText(objects / seconds)} objects/s`;
  const most = (field: 'bytes' | 'objects'): number =>
    spans.reduce((high, span) => Math.max(high, span[field]), 0);
  const slots = slotOf(lastMs) + 1;
  return html`${drawBars({
    title: 'Bytes stored a second',
    most: `at most ${bytesText(most('bytes'))}`,
    tone: 'moved',
    slots,
    bars: spans.map(({ startMs, bytes }) => ({
      slot: slotOf(startMs),
      value: bytes,
      failed: 0,
      title: `${showTime(startMs)}: ${bytesText(bytes)}`,
    })),
  })}${drawBars({
    title: 'Outcomes a second, failures in red',
    most: `at most ${objectsText(most('objects'))}`,
    tone: 'all',
    slots,
    bars: spans.map(({ startMs, objects, failed }) => ({
      slot: slotOf(startMs),
      value: objects,
      failed,
      title: `${showTime(startMs)}: ${objectsText(objects)}, ${showCount(failed)} failed`,
    })),
  })}`;
}

function rateText(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : showCount(Math.round(rate));
}

function widthText(ms: number): string {
  const units = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1000, 'second'],
  ] as const;
  const [unitMs, unit] = units.find(([unitOf]) => ms >= unitOf) ?? [1000, 'second'];
  const count = Math.round(ms / unitMs);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** The slowest first. */
export function drawReportedOrigins({ figures }: ReportView): Markup {
  return html`<section aria-labelledby="origins-title">
    <h2 id="origins-title">Origins, the slowest first</h2>
    <p class="note">
      Times are of whole objects, from being taken up to their outcome, our own queue and the bucket
      included.
    </p>
    ${drawTable({
      id: 'origins',
      caption: 'Origins, the slowest first',
      columns: [
        { title: 'Origin', kind: 'text' },
        { title: 'Median', kind: 'number' },
        { title: 'p99', kind: 'number' },
        { title: 'Copied', kind: 'number' },
        { title: 'Bytes', kind: 'number' },
        { title: 'Failed', kind: 'number' },
        { title: 'Failure share', kind: 'number' },
      ],
      rows: figures.origins.map(({ origin, copied, failed, bytes, medianMs, p99Ms }) => [
        drawText(origin, 'key'),
        html`${elapsed(medianMs)}`,
        html`${elapsed(p99Ms)}`,
        html`${showCount(copied)}`,
        html`${showBytes(bytes)}`,
        failed > 0 ? html`<span class="bad">${showCount(failed)}</span>` : html`0`,
        html`${showShare(failed, copied + failed)}`,
      ]),
      nothing: 'no outcome names an origin',
    })}
  </section>`;
}

function elapsed(ms: number | undefined): string {
  return ms === undefined ? '–' : showElapsed(ms);
}

/** The objects that took longest, and what the last of all cost. */
export function drawTail({ figures }: ReportView): Markup {
  return html`<section aria-labelledby="tail-title">
    <h2 id="tail-title">The longest tail</h2>
    <p id="tail" class="note">${tailText(figures)}</p>
    ${drawTable({
      id: 'slowest',
      caption: 'The objects that took longest',
      columns: [
        { title: 'Key', kind: 'text' },
        { title: 'Took', kind: 'number' },
        { title: 'Bytes', kind: 'number' },
        { title: 'Outcome', kind: 'text' },
        { title: 'Origin', kind: 'long' },
      ],
      rows: figures.slowest.map(({ key, elapsedMs, bytes, outcome, origin }) => [
        drawText(key, 'key'),
        html`${showElapsed(elapsedMs)}`,
        html`${bytes === undefined ? '–' : showBytes(bytes)}`,
        outcome === 'failed' ? html`<span class="bad">failed</span>` : html`${outcome}`,
        origin === undefined ? html`–` : drawText(origin, 'key'),
      ]),
      nothing: 'no outcome says how long it took',
    })}
  </section>`;
}

function tailText({ tail }: ReportedFigures): string {
  if (tail === undefined) return 'Too few outcomes to speak of a tail.';
  const { share, ms, ofMs } = tail;
  return `The last ${showShare(share, 1)} of the objects took ${showElapsed(ms)} of ${showElapsed(ofMs)} (${showShare(ms, ofMs)} of the time).`;
}
