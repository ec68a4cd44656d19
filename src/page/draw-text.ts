import { html, type Markup } from './html.ts';
import { showText } from './show-text.ts';

/** A foreign text in its own direction; a long one is cut to some lines, and whole in its title. */
export function drawText(text: string, kind: 'key' | 'message' | 'name'): Markup {
  const shown = showText(text);
  return html`<bdi class="${kind}" title="${shown}">${shown}</bdi>`;
}
