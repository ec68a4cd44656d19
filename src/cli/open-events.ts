import type { EventSink } from '../model/ports.ts';
import { failuresOnly } from '../report/failures-only.ts';
import { fanOut } from '../report/fan-out.ts';
import { jsonLines } from '../report/json-lines.ts';
import type { RunOptions } from './run-options.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Who listens to a run: JSON Lines on stdout where asked for, and one of bar or plain lines on
 * stderr. `onClosed` is called when stdout's reader goes away.
 */
export async function openEvents(
  options: RunOptions,
  surroundings: Surroundings,
  onClosed: () => void,
): Promise<EventSink> {
  const { stdout, stderr, clock } = surroundings;
  const sinks: EventSink[] = [];
  if (options.json === true) sinks.push(jsonLines(stdout, onClosed));
  const ui = uiOf(options, stderr.isTTY === true);
  if (ui === 'bar') {
    const { progressBar } = await import('../report/bar.ts');
    sinks.push(progressBar(stderr));
  }
  if (ui === 'plain' || ui === 'failures') {
    const { plainLines } = await import('../report/plain.ts');
    const lines = plainLines((line) => stderr.write(`${line}\n`), clock);
    sinks.push(ui === 'plain' ? lines : failuresOnly(lines));
  }
  return fanOut(sinks);
}

function uiOf({ ui, quiet }: RunOptions, isTTY: boolean): 'bar' | 'plain' | 'failures' | 'none' {
  if (ui === 'none') return ui;
  if (quiet === true) return 'failures';
  if (ui !== 'auto') return ui;
  return isTTY ? 'bar' : 'plain';
}
