import { html, type Markup } from './html.ts';
import { showCount, showTime } from './show-quantity.ts';

/** One value an hour. */
export interface HourBar {
  /** The hour's begin, milliseconds since the epoch. */
  readonly hourMs: number;
  readonly value: number;
}

export interface Chart {
  readonly title: string;
  /** Which of the two colours. */
  readonly tone: 'needed' | 'all';
  readonly bars: readonly HourBar[];
  /** Of the last hour that is shown. */
  readonly lastHourMs: number;
}

const HOUR_MS = 3_600_000;
const HOURS = 168;
/** Of one bar with its gap, in units of the drawing, which is stretched to the page's width. */
const STEP = 10;
const GAP = 2;
const HEIGHT = 100;
/** So that a single request can be seen beside a million. */
const LEAST_HEIGHT = 3;

/** The last seven days as bars, an hour each. */
export function drawChart({ title, tone, bars, lastHourMs }: Chart): Markup {
  const most = Math.max(0, ...bars.map(({ value }) => value));
  const sum = bars.reduce((total, { value }) => total + value, 0);
  const label = `${title}: ${showCount(sum)} in seven days, at most ${showCount(most)} in one hour`;
  const drawn = bars.filter(({ value }) => value > 0).map((bar) => drawBar(bar, lastHourMs, most));
  return html`<figure class="chart ${tone}">
    <figcaption>
      <span>${title}</span
      ><span class="most"
        >${most === 0 ? 'none so far' : `${showCount(most)} in the busiest hour`}</span
      >
    </figcaption>
    <svg
      viewBox="0 0 ${HOURS * STEP} ${HEIGHT}"
      preserveAspectRatio="none"
      role="img"
      aria-label="${label}"
    >
      ${drawn}
    </svg>
  </figure>`;
}

function drawBar({ hourMs, value }: HourBar, lastHourMs: number, most: number): Markup {
  const index = HOURS - 1 - Math.round((lastHourMs - hourMs) / HOUR_MS);
  const height = Math.max(LEAST_HEIGHT, Math.round((HEIGHT * value) / most));
  const title = `${showTime(hourMs).slice(0, 16)} UTC: ${showCount(value)}`;
  return html`<rect
    x="${index * STEP}"
    y="${HEIGHT - height}"
    width="${STEP - GAP}"
    height="${height}"
    ><title>${title}</title></rect
  >`;
}
