import { createHash } from 'node:crypto';
import type { ServeStatus } from '../model/serve-status.ts';
import { drawLastKeys, drawTraffic, drawVerdict } from './draw-cutover.ts';
import { drawFailures, drawOrigins, drawRules, drawTotals } from './draw-proxy.ts';
import { html, Markup } from './html.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import { showDuration, showTime } from './show-quantity.ts';

/** What the page may load, as a Content-Security-Policy: its own style and script, and its state. */
const POLICY = [
  "default-src 'none'",
  `style-src '${digest(PAGE_STYLE)}'`,
  `script-src '${digest(PAGE_SCRIPT)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Whole, because the digests are of every character between the tags. */
const STYLE = new Markup(`<style>${PAGE_STYLE}</style>`);
const SCRIPT = new Markup(`<script>${PAGE_SCRIPT}</script>`);

/**
 * The status page of a proxy: one document that needs nothing else, and keeps itself up to date by
 * fetching its live parts from `api/status?format=html`.
 * @param part `live`: without style and script
 */
export function statusPage(
  status: ServeStatus,
  part: 'whole' | 'live',
): { readonly html: string; readonly policy: string } {
  const body = drawBody(status);
  const drawn = part === 'live' ? body : drawDocument(body);
  return { html: drawn.text, policy: POLICY };
}

function drawDocument(body: Markup): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>bucketfill</title>
        <link rel="icon" href="data:," />
        ${STYLE}
      </head>
      <body>
        <p id="contact" role="alert"></p>
        ${body} ${SCRIPT}
      </body>
    </html> `;
}

function drawBody(status: ServeStatus): Markup {
  const { bucket, state, uptimeMs, version, nowMs } = status;
  return html`<header>
      <h1>bucketfill</h1>
      <p id="about" data-live>${state} <bdi>${bucket}</bdi>, up for ${showDuration(uptimeMs)}</p>
    </header>
    <main>
      ${drawVerdict(status.cutover)} ${drawTraffic(status)} ${drawRules(status)}
      ${drawOrigins(status)} ${drawTotals(status)} ${drawLastKeys(status.cutover)}
      ${drawFailures(status)}
    </main>
    <footer><p id="as-of" data-live>As of ${showTime(nowMs)}, bucketfill ${version}.</p></footer>`;
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
