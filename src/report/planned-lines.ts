import type { RunEvent } from '../model/event.ts';
import { printable } from './printable.ts';
import { countText } from './quantity.ts';

/** Changes beyond so many are counted, not shown; `--json` has them all. */
const MOST_SHOWN = 1000;

/** What a dry run of a sync would change, for people: a line a key. */
export class PlannedLines {
  #shows = false;
  #planned = 0;

  /** @returns the line that the event is worth, if it is worth one. */
  of(event: RunEvent): string | undefined {
    if (event.event === 'start') this.#shows = event.command === 'sync';
    if (!this.#shows || event.event !== 'object' || event.outcome !== 'planned') return undefined;
    this.#planned += 1;
    if (this.#planned > MOST_SHOWN) return undefined;
    const name = 'key' in event ? printable(event.key) : `base64:${event.keyBase64}`;
    return `would ${event.change === 'delete' ? 'delete' : 'copy'}: ${name}`;
  }

  /** What was left out, once the run is over. */
  rest(): string | undefined {
    const hidden = this.#planned - MOST_SHOWN;
    return hidden > 0 ? `${countText(hidden)} more changes are not shown; see --json` : undefined;
  }
}
