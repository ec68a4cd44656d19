import type { Socket } from 'node:net';

/** A socket whose reading can be held back. */
export interface HeldSocket {
  /** Nothing more is read: the rest of an answer waits in the kernel. */
  hold(): void;
  /** Reading goes on, with whatever waits, before this returns. */
  letGo(): void;
  /** Nothing is held any more; for who is called by the reader, which goes on by itself. */
  forget(): void;
}

/**
 * Makes a socket's reading something that can be held back. undici's own pause must not be used:
 * where the other side closes the connection meanwhile, undici 7 ends the process by an assertion
 * (nodejs/undici#5360, mended in 8 only). A held socket gives its reader nothing, not even its end.
 */
export function holdable(socket: Socket): HeldSocket {
  // As long as nothing is held the socket is as it was: most answers are never held.
  const read = socket.read.bind(socket);
  let isHeld = false;
  const release = (): void => {
    isHeld = false;
    socket.read = read;
  };
  return {
    hold: () => {
      isHeld = true;
      socket.read = nothing;
    },
    letGo: () => {
      if (!isHeld) return;
      release();
      // Whoever reads was told of bytes, or of the end, while it could not have them.
      socket.emit('readable');
    },
    forget: () => {
      if (isHeld) release();
    },
  };
}

const nothing = (): null => null;
