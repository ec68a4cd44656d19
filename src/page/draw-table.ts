import { html, type Markup } from './html.ts';

export interface Column {
  readonly title: string;
  /** `number`: aligned to the right; `long`: on a narrow page it has a line of its own. */
  readonly kind: 'text' | 'number' | 'long';
}

export interface Table {
  /** Of the part that changes. */
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  /** The first cell of each heads its row. */
  readonly rows: readonly (readonly Markup[])[];
  /** What is said where there is no row. */
  readonly nothing: string;
}

/**
 * A table whose rows are a part that changes; on a narrow page each row is a block. The roles are
 * said because those who hear the page would otherwise be told of no table there.
 */
export function drawTable({ id, caption, columns, rows, nothing }: Table): Markup {
  const heads = columns.map(
    ({ title, kind }) => html`<th scope="col" role="columnheader" class="${kind}">${title}</th>`,
  );
  const empty = html`<tr role="row">
    <td role="cell" class="nothing" colspan="${columns.length}">${nothing}</td>
  </tr>`;
  const body = rows.length === 0 ? empty : html`${rows.map((row) => drawRow(row, columns))}`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table role="table">
      <caption class="unseen">
        ${caption}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${heads}
        </tr>
      </thead>
      <tbody role="rowgroup" id="${id}" data-live>
        ${body}
      </tbody>
    </table>
  </div>`;
}

function drawRow(cells: readonly Markup[], columns: readonly Column[]): Markup {
  const drawn = cells.map((cell, index) => {
    const { kind, title } = columns[index] ?? { kind: 'text', title: '' };
    return index === 0
      ? html`<th scope="row" role="rowheader" class="${kind}">${cell}</th>`
      : html`<td role="cell" class="${kind}" data-title="${title}">${cell}</td>`;
  });
  return html`<tr role="row">
    ${drawn}
  </tr>`;
}
