import type { CutoverStatus, ServeStatus } from '../model/serve-status.ts';
import { drawTable } from './draw-table.ts';
import { drawText } from './draw-text.ts';
import { html, type Markup } from './html.ts';
import { showBytes, showCount, showTime } from './show-quantity.ts';

const DAY_HOURS = 24;

/** What the process did since it began, and what it holds now. */
export function drawTotals({ totals, fillsUnderWay, spool, negativeKeys }: ServeStatus): Markup {
  const facts: readonly (readonly [string, string])[] = [
    ['Requests', showCount(totals.requests)],
    ['Hits', showCount(totals.hits)],
    ['Misses', showCount(totals.misses)],
    ['Shared', showCount(totals.shared)],
    ['Redirected', showCount(totals.redirected)],
    ['Proxied', showCount(totals.proxied)],
    ['Negative', showCount(totals.negative)],
    ['Errors', showCount(totals.errors)],
    ['Cut', showCount(totals.cut)],
    ['Sent', showBytes(totals.bytes)],
    ['Fills under way', showCount(fillsUnderWay)],
    ['Spooled in memory', showBytes(spool.memoryBytes)],
    ['Spooled on disk', showBytes(spool.diskBytes)],
    ['Absent keys remembered', showCount(negativeKeys)],
  ];
  const drawn = facts.map(
    ([name, value]) =>
      html`<div>
        <dt>${name}</dt>
        <dd>${value}</dd>
      </div>`,
  );
  return html`<section aria-labelledby="totals-title">
    <h2 id="totals-title">Fills, spool and answers since the start</h2>
    <dl id="totals" data-live>${drawn}</dl>
  </section>`;
}

export function drawRules({ rules, cutover }: ServeStatus): Markup {
  const lately = new Map(cutover.perRule.map(({ rule, windows }) => [rule, neededOf(windows)]));
  return html`<section aria-labelledby="rules-title">
    <h2 id="rules-title">Rules</h2>
    ${drawTable({
      id: 'rules',
      caption: 'Rules, and what needed an origin since the start',
      columns: [
        { title: 'Rule', kind: 'text' },
        { title: 'Needed in 24 h', kind: 'number' },
        { title: 'Requests', kind: 'number' },
        { title: 'Needed', kind: 'number' },
        { title: 'Fills', kind: 'number' },
        { title: 'Failed', kind: 'number' },
        { title: 'From', kind: 'text' },
      ],
      rows: rules.map(({ rule, source, requests, neededOrigin, fills, failures }) => [
        drawText(rule, 'name'),
        html`${showCount(lately.get(rule) ?? 0)}`,
        html`${showCount(requests)}`,
        html`${showCount(neededOrigin)}`,
        html`${showCount(fills)}`,
        failures > 0 ? html`<span class="bad">${showCount(failures)}</span>` : html`0`,
        html`${source}`,
      ]),
      nothing: 'no rule',
    })}
  </section>`;
}

function neededOf(windows: CutoverStatus['windows']): number {
  return windows.find(({ hours }) => hours === DAY_HOURS)?.neededOrigin ?? 0;
}

export function drawOrigins({ origins }: ServeStatus): Markup {
  return html`<section aria-labelledby="origins-title">
    <h2 id="origins-title">Origins</h2>
    ${drawTable({
      id: 'origins',
      caption: 'Origins and their breakers',
      columns: [
        { title: 'Origin', kind: 'text' },
        { title: 'Breaker', kind: 'long' },
        { title: 'Requests', kind: 'number' },
        { title: 'First byte p50', kind: 'number' },
        { title: 'First byte p99', kind: 'number' },
      ],
      rows: origins.map(({ origin, state, reason, requests, firstByteMs }) => [
        drawText(origin, 'key'),
        html`<span class="state ${state}">${state}</span
          >${state === 'closed' ? '' : html` <small>${reason}</small>`}`,
        html`${showCount(requests)}`,
        html`${milliseconds(firstByteMs?.p50)}`,
        html`${milliseconds(firstByteMs?.p99)}`,
      ]),
      nothing: 'no origin was asked so far',
    })}
  </section>`;
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? '–' : `${showCount(ms)} ms`;
}

export function drawFailures({ lastFailures }: ServeStatus): Markup {
  return html`<section aria-labelledby="failures-title">
    <h2 id="failures-title">Last failures</h2>
    ${drawTable({
      id: 'failures',
      caption: 'Last failures',
      columns: [
        { title: 'Key', kind: 'text' },
        { title: 'Failure', kind: 'long' },
        { title: 'Times', kind: 'number' },
        { title: 'Rule', kind: 'text' },
        { title: 'Last time', kind: 'long' },
      ],
      rows: lastFailures.map(({ key, code, message, times, rule, timeMs }) => [
        drawText(key, 'key'),
        html`<code>${code}</code> ${drawText(message, 'message')}`,
        html`${showCount(times)}`,
        html`${rule ?? '–'}`,
        html`<span class="time">${showTime(timeMs)}</span>`,
      ]),
      nothing: 'nothing failed so far',
    })}
  </section>`;
}
