import type { Writable } from 'node:stream';
import type { RunEvent } from '../model/event.ts';
import { FatalError } from '../model/failure.ts';
import type { EventSink } from '../model/ports.ts';

/** Lines are gathered up to about so many characters before they are written as one chunk. */
const BATCH_CHARACTERS = 64 * 1024;

/**
 * Events as JSON Lines on `output`. Lines are batched; `flush` resolves only when the reader's side
 * of the pipe has taken them, so a full pipe holds up whoever waits for it.
 *
 * `onClosed` is called once when the reader goes away; from then on `flush` throws FatalError
 * `output-closed`.
 */
export function jsonLines(output: Writable, onClosed: () => void): EventSink {
  let batch: string[] = [];
  let characters = 0;
  let written: Promise<void> = Promise.resolve();
  let closed: FatalError | undefined;

  const close = (cause: Error): void => {
    if (closed !== undefined) return;
    closed = new FatalError('output-closed', `stdout was closed: ${cause.message}`, cause);
    onClosed();
  };
  // An 'error' event without a listener would end the process.
  output.on('error', close);

  const write = (): void => {
    if (batch.length === 0) return;
    const text = batch.join('');
    batch = [];
    characters = 0;
    const previous = written;
    written = new Promise((resolve) => {
      output.write(text, (error) => {
        if (error) close(error);
        resolve(previous);
      });
    });
  };

  return {
    emit(event: RunEvent): void {
      const line = `${JSON.stringify(event)}\n`;
      batch.push(line);
      characters += line.length;
      // Progress is for whoever watches: it would be stale if it waited for a full batch.
      if (characters >= BATCH_CHARACTERS || event.event !== 'object') write();
    },
    async flush(): Promise<void> {
      write();
      await written;
      if (closed !== undefined) throw closed;
    },
  };
}
