import { type Column, drawTable } from './draw-table.ts';
import { drawText } from './draw-text.ts';
import { html, type Markup } from './html.ts';
import type { ReportedClass, ReportView } from './report-view.ts';
import { showCount } from './show-quantity.ts';

const EXAMPLES: readonly Column[] = [
  { title: 'Key', kind: 'text' },
  { title: 'Status', kind: 'number' },
  { title: 'Attempts', kind: 'number' },
  { title: 'Origin', kind: 'text' },
  { title: 'Request id', kind: 'text' },
  { title: 'Message', kind: 'long' },
];

/** What failed, by what is to be done about it. */
export function drawFailedKeys({ figures, totals }: ReportView): Markup {
  const nothing = totals.failed === 0 ? 'nothing failed' : 'the state has no lines of failures';
  return html`<section aria-labelledby="failures-title">
    <h2 id="failures-title">Failures</h2>
    ${
      figures.failures.length === 0
        ? html`<p class="nothing">${nothing}</p>`
        : html`${figures.failures.map(drawClass)}`
    }
  </section>`;
}

function drawClass({ kind, advice, count, codes }: ReportedClass, at: number): Markup {
  return html`<h3 id="class-${at}">${kind} <small>${showCount(count)}</small></h3>
    <p class="advice">${advice}</p>
    ${codes.map((ofCode) => drawCode(ofCode))}`;
}

function drawCode({ code, count, examples }: ReportedClass['codes'][number]): Markup {
  const shown =
    examples.length < count ? `, the first ${showCount(examples.length)} of them here` : '';
  return html`<h4><code>${code}</code> ${showCount(count)}${shown}</h4>
    ${drawTable({
      id: `failed-${code}`,
      caption: `Keys that failed by ${code}`,
      columns: EXAMPLES,
      rows: examples.map(({ key, status, attempts, origin, requestId, message }) => [
        drawText(key, 'key'),
        html`${status ?? '–'}`,
        html`${showCount(attempts)}`,
        origin === undefined ? html`–` : drawText(origin, 'key'),
        html`<span class="id">${requestId ?? '–'}</span>`,
        drawText(message, 'message'),
      ]),
      nothing: 'no line of one',
    })}`;
}

/** What was passed over with a reason, and what a scan could not list. */
export function drawPassedOver(view: ReportView): Markup {
  const { figures } = view;
  const skipped = Object.entries(figures.skipped).sort(([, one], [, other]) => other - one);
  return html`<section aria-labelledby="skipped-title">
      <h2 id="skipped-title">Skipped</h2>
      ${drawTable({
        id: 'skipped',
        caption: 'Skipped keys by reason',
        columns: [
          { title: 'Reason', kind: 'text' },
          { title: 'Keys', kind: 'number' },
        ],
        rows: skipped.map(([reason, count]) => [html`${reason}`, html`${showCount(count)}`]),
        nothing: 'nothing was skipped',
      })}
    </section>
    ${drawScan(view)}`;
}

function drawScan({ run, listingFailures }: ReportView): Markup {
  const scan = run?.summary?.scan;
  if (scan === undefined && listingFailures.length === 0) return html``;
  const passed = Object.entries(scan?.passed ?? {});
  const found =
    scan === undefined
      ? ''
      : `${showCount(scan.links)} links on ${showCount(scan.pages)} pages led to ${showCount(scan.keys)} keys and ${showCount(scan.places)} further pages; ${showCount(scan.listingErrors)} pages could not be listed.`;
  return html`<section aria-labelledby="scan-title">
    <h2 id="scan-title">Scan</h2>
    <p class="note">${found}</p>
    ${drawTable({
      id: 'listing-failures',
      caption: 'What could not be listed: keys below are missing',
      columns: [
        { title: 'Below', kind: 'text' },
        { title: 'Rule', kind: 'text' },
        { title: 'Failure', kind: 'long' },
      ],
      rows: listingFailures.map(({ prefix, rule, code, status, message }) => [
        prefix === '' ? html`the top` : drawText(prefix, 'key'),
        drawText(rule, 'name'),
        html`<code>${code}</code> ${status ?? ''} ${drawText(message, 'message')}`,
      ]),
      nothing: 'everything was listed',
    })}
    ${drawTable({
      id: 'passed',
      caption: 'Links that were passed over, by reason',
      columns: [
        { title: 'Passed over', kind: 'text' },
        { title: 'Links', kind: 'number' },
      ],
      rows: passed.map(([reason, count]) => [html`${reason}`, html`${showCount(count)}`]),
      nothing: 'no link was passed over',
    })}
  </section>`;
}
