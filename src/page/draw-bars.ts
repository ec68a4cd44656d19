import { html, type Markup } from './html.ts';

/** A value of one span of time. */
export interface Bar {
  /** From 0, at the left. */
  readonly slot: number;
  readonly value: number;
  /** How much of the value is failure. */
  readonly failed: number;
  /** In words. */
  readonly title: string;
}

export interface Bars {
  readonly title: string;
  /** Of the highest bar, in words. */
  readonly most: string;
  /** Which colour. */
  readonly tone: 'moved' | 'all';
  readonly slots: number;
  readonly bars: readonly Bar[];
}

/** Of one bar with its gap, in units of the drawing, which is stretched to the page's width. */
const STEP = 10;
const GAP = 1;
const HEIGHT = 100;
/** So that little can be seen beside much. */
const LEAST_HEIGHT = 2;

/** Values over time as bars; the gaps between them are spans in which nothing was done. */
export function drawBars({ title, most, tone, slots, bars }: Bars): Markup {
  const highest = bars.reduce((high, { value }) => Math.max(high, value), 0);
  const drawn = bars.filter(({ value }) => value > 0).map((bar) => drawBar(bar, highest));
  return html`<figure class="chart ${tone}">
    <figcaption><span>${title}</span><span class="most">${most}</span></figcaption>
    <svg
      viewBox="0 0 ${Math.max(slots, 1) * STEP} ${HEIGHT}"
      preserveAspectRatio="none"
      role="img"
      aria-label="${title}: ${most}"
    >
      ${drawn}
    </svg>
  </figure>`;
}

function drawBar({ slot, value, failed, title }: Bar, highest: number): Markup {
  const height = heightOf(value, highest);
  const bar = (part: number, name: string): Markup =>
    html`<rect
      class="${name}"
      x="${slot * STEP}"
      y="${HEIGHT - part}"
      width="${STEP - GAP}"
      height="${part}"
      ><title>${title}</title></rect
    >`;
  const whole = bar(height, 'whole');
  return failed > 0 ? html`${whole}${bar(heightOf(failed, highest), 'failed-part')}` : whole;
}

function heightOf(value: number, highest: number): number {
  return Math.max(LEAST_HEIGHT, Math.round((HEIGHT * value) / highest));
}
