import type { Socket } from 'node:net';

/**
 * Breaks a connection at once by a reset: its regular end would be the body's where nothing else
 * marks that, as for HTTP/1.0.
 */
export function breakOff(socket: Socket): void {
  socket.resetAndDestroy();
  // Alone it waits until what was written is sent, and ends the connection before.
  socket.destroy();
}
