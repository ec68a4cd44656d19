import { FatalError } from '../model/failure.ts';
import type { EventSink } from '../model/ports.ts';
import { fanOut } from '../report/fan-out.ts';
import { jsonLines } from '../report/json-lines.ts';
import { verifyLines } from '../report/verify-lines.ts';
import { unlessAborted } from '../transfer/unless-aborted.ts';
import type { Stop } from './stop-signals.ts';
import type { Surroundings } from './surroundings.ts';
import type { VerifyCommandOptions } from './verify-options.ts';

/**
 * Who listens to a comparison: JSON Lines on stdout where asked for, and lines for people on
 * stderr. A reader that hangs is left by a second signal.
 * @param seed of the sample
 */
export function openVerifyEvents(
  { json, ui, quiet }: VerifyCommandOptions,
  { stdout, stderr, clock }: Surroundings,
  stop: Stop,
  seed: string | undefined,
): EventSink {
  const onClosed = (): void => {
    stop.interrupt('SIGINT');
  };
  const print = (line: string): void => {
    stderr.write(`${line}\n`);
  };
  const sinks = fanOut([
    ...(json === true ? [jsonLines(stdout, onClosed)] : []),
    ...(ui === 'none' ? [] : [verifyLines({ print, clock, quiet: quiet === true, seed })]),
  ]);
  return {
    emit: (event) => {
      sinks.emit(event);
    },
    flush: async () => {
      try {
        await unlessAborted(sinks.flush(), stop.abort);
      } catch (error) {
        if (!stop.abort.aborted || error instanceof FatalError) throw error;
      }
    },
  };
}
