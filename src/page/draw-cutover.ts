import type { CutoverStatus, GaugeWindow, ServeStatus } from '../model/serve-status.ts';
import { drawChart } from './draw-chart.ts';
import { type Column, drawTable } from './draw-table.ts';
import { drawText } from './draw-text.ts';
import { html, type Markup } from './html.ts';
import { showCount, showShare, showTime } from './show-quantity.ts';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const WINDOW_NAMES: Readonly<Record<GaugeWindow['hours'], string>> = {
  1: 'last hour',
  24: 'last 24 hours',
  168: 'last 7 days',
};

/** The verdict, whose change is announced, and the counts it comes from. */
export function drawVerdict({ verdict, windows, sinceMs }: CutoverStatus): Markup {
  const since =
    sinceMs === null ? 'Nothing was recorded yet.' : `Watching since ${showTime(sinceMs)}.`;
  const tone = toneOf(verdict, windows);
  return html`<section aria-labelledby="cutover-title">
    <h2 id="cutover-title">Can the origins be switched off?</h2>
    <div id="verdict" class="verdict" aria-live="polite" data-live>
      <p class="${tone}">${verdict.text}</p>
    </div>
    <p id="since" class="note" data-live>
      ${since} Counts are of whole clock hours, keys of exactly the time that is named.
    </p>
    ${drawTable({
      id: 'windows',
      caption: 'How much needed an origin',
      columns: [
        { title: 'Within', kind: 'text' },
        { title: 'Requests', kind: 'number' },
        { title: 'Needed an origin', kind: 'number' },
        { title: 'Share', kind: 'number' },
        { title: 'Keys', kind: 'number' },
      ],
      rows: windows.map(({ hours, requests, neededOrigin, keys, moreKeys }) => [
        html`${WINDOW_NAMES[hours]}`,
        html`${showCount(requests)}`,
        html`${showCount(neededOrigin)}`,
        html`${showShare(neededOrigin, requests)}`,
        html`${moreKeys ? '> ' : ''}${showCount(keys)}`,
      ]),
      nothing: 'nothing yet',
    })}
  </section>`;
}

function toneOf({ safe }: CutoverStatus['verdict'], windows: readonly GaugeWindow[]): string {
  if (safe) return 'yes';
  return (windows.find(({ hours }) => hours === DAY_HOURS)?.keys ?? 0) > 0 ? 'no' : 'wait';
}

/** Both charts share their time and never their scale. */
export function drawTraffic({ cutover, nowMs }: ServeStatus): Markup {
  const lastHourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const bars = (field: 'requests' | 'neededOrigin') =>
    cutover.byHour.map((hour) => ({ hourMs: hour.hourMs, value: hour[field] }));
  return html`<section aria-labelledby="traffic-title">
    <h2 id="traffic-title">Traffic of the last seven days</h2>
    <div id="traffic" data-live>
      ${drawChart({ title: 'Requests that needed an origin', tone: 'needed', bars: bars('neededOrigin'), lastHourMs })}
      ${drawChart({ title: 'All requests', tone: 'all', bars: bars('requests'), lastHourMs })}
      <p class="axis"><span>7 days ago</span><span>now</span></p>
    </div>
  </section>`;
}

const LAST_KEYS: readonly Column[] = [
  { title: 'Key', kind: 'text' },
  { title: 'Rule', kind: 'text' },
  { title: 'Answer', kind: 'text' },
  { title: 'Time', kind: 'long' },
];

export function drawLastKeys({ lastKeys }: CutoverStatus): Markup {
  return html`<section aria-labelledby="keys-title">
    <h2 id="keys-title">Keys that needed an origin last</h2>
    ${drawTable({
      id: 'last-keys',
      caption: 'Keys that needed an origin last',
      columns: LAST_KEYS,
      rows: lastKeys.map(({ key, rule, mark, timeMs }) => [
        drawText(key, 'key'),
        html`${rule ?? '–'}`,
        html`${mark ?? 'none'}`,
        html`<span class="time">${showTime(timeMs)}</span>`,
      ]),
      nothing: 'no key so far',
    })}
  </section>`;
}
