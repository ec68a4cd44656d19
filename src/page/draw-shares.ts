import { html, type Markup } from './html.ts';
import { showCount, showShare } from './show-quantity.ts';

export interface Share {
  readonly name: 'copied' | 'skipped' | 'failed' | 'deleted' | 'planned';
  readonly count: number;
}

const WIDTH = 1000;
/** So that one failure can be seen beside a million copies. */
const LEAST_WIDTH = 6;

/** What became of the keys: one bar of all, and each with its share of it. */
export function drawShares(shares: readonly Share[]): Markup {
  const some = shares.filter(({ count }) => count > 0);
  const total = some.reduce((sum, { count }) => sum + count, 0);
  const said = some.map(({ name, count }) => `${showCount(count)} ${name}`).join(', ');
  return html`<div class="shares">
    <svg
      viewBox="0 0 ${WIDTH} 10"
      preserveAspectRatio="none"
      role="img"
      aria-label="${said === '' ? 'no key' : said}"
    >
      ${drawParts(some, total)}
    </svg>
    <dl>${some.map((share) => drawShare(share, total))}</dl>
  </div>`;
}

function drawParts(shares: readonly Share[], total: number): readonly Markup[] {
  const widths = shares.map(({ count }) => Math.max((WIDTH * count) / total, LEAST_WIDTH));
  const scale = WIDTH / widths.reduce((sum, width) => sum + width, 0);
  let left = 0;
  return shares.map(({ name }, index) => {
    const width = (widths[index] ?? 0) * scale;
    const part = html`<rect
      class="part-${name}"
      x="${left.toFixed(1)}"
      y="0"
      width="${width.toFixed(1)}"
      height="10"
    />`;
    left += width;
    return part;
  });
}

function drawShare({ name, count }: Share, total: number): Markup {
  return html`<div>
    <dt>
      <svg class="swatch" viewBox="0 0 1 1" aria-hidden="true">
        <rect class="part-${name}" width="1" height="1" /></svg
      >${name}
    </dt>
    <dd>${showCount(count)} <small>${showShare(count, total)}</small></dd>
  </div>`;
}
