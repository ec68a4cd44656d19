import { createHash } from 'node:crypto';
import { drawFailedKeys, drawPassedOver } from './draw-report-failures.ts';
import { drawOutcomes, drawReportVerdict } from './draw-report-head.ts';
import { drawReportedOrigins, drawTail, drawThroughput } from './draw-report-speed.ts';
import { html, Markup } from './html.ts';
import { PAGE_STYLE } from './page-style.ts';
import { REPORT_STYLE } from './report-style.ts';
import type { ReportView } from './report-view.ts';
import { showTime } from './show-quantity.ts';
import { showText } from './show-text.ts';

const SHEET = `${PAGE_STYLE}${REPORT_STYLE}`;

/** It may load nothing but its own style; a page in a file has no headers to say so. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(SHEET).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Whole, because the digest is of every character between the tags. */
const STYLE = new Markup(`<style>${SHEET}</style>`);

/**
 * The report of a job's last run: one document that needs nothing else and runs nothing, to be kept,
 * sent and printed.
 */
export function reportPage(view: ReportView): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${showText(view.job)} – bucketfill report</title>
        <link rel="icon" href="data:," />
        ${STYLE}
      </head>
      <body>
        ${drawBody(view)}
      </body>
    </html> `.text;
}

function drawBody(view: ReportView): Markup {
  const { job, command, rulesFile, bucket, nowMs, version } = view;
  return html`<header>
      <h1>bucketfill report</h1>
      <p id="about">
        ${command ?? 'job'} <bdi>${showText(job)}</bdi>, rules <bdi>${showText(rulesFile)}</bdi>,
        bucket
        <bdi>${showText(bucket)}</bdi>
      </p>
    </header>
    <main>
      ${drawReportVerdict(view)} ${drawOutcomes(view)} ${drawThroughput(view)}
      ${drawFailedKeys(view)} ${drawReportedOrigins(view)} ${drawTail(view)} ${drawPassedOver(view)}
    </main>
    <footer><p id="as-of">As of ${showTime(nowMs)}, bucketfill ${version}.</p></footer>`;
}
