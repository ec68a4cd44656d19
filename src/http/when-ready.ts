import type { Socket } from 'node:net';

import { asError } from './network-failure.ts';

/** Waits for `event`; a socket that errs, closes or is no longer wanted is destroyed. */
export async function whenReady<S extends Socket>(
  socket: S,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<S> {
  return new Promise<S>((resolve, reject) => {
    const settle = (error?: unknown): void => {
      signal.removeEventListener('abort', onAbort);
      socket.off('close', onClose).off('error', settle);
      if (error === undefined) {
        resolve(socket);
        return;
      }
      // Nobody listens any more, and a destroyed socket may still have an error to tell.
      socket.on('error', () => undefined).destroy();
      reject(asError(error));
    };
    const onClose = (): void => {
      settle(new Error('the other side closed the connection'));
    };
    const onAbort = (): void => {
      settle(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket
      .once('error', settle)
      .once('close', onClose)
      .once(event, () => {
        settle();
      });
    if (signal.aborted) onAbort();
  });
}
