import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP connection on which a test writes what it likes. */
export interface RawConnection {
  readonly socket: Socket;
  /** Bytes above ASCII as Latin-1 characters. */
  readonly send: (text: string) => void;
  /** Everything that came so far, as Latin-1. */
  readonly text: () => string;
  /** Waits until what came contains this; ends as well when nothing more comes. */
  readonly until: (part: string) => Promise<string>;
  /** Waits for the connection's end: `reset` where it was no clean one. */
  readonly ended: () => Promise<'end' | 'reset'>;
}

export async function rawConnection(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  // Not the socket's own: waiting on that would throw its error.
  const news = new EventEmitter();
  let text = '';
  let end: 'end' | 'reset' | undefined;
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
    news.emit('more');
  });
  socket.on('error', () => {
    end = 'reset';
  });
  socket.on('close', () => {
    end ??= 'end';
    news.emit('more');
  });
  return {
    socket,
    send: (bytes) => socket.write(bytes, 'latin1'),
    text: () => text,
    until: async (part) => {
      while (!text.includes(part) && end === undefined) await once(news, 'more');
      return text;
    },
    ended: async () => {
      while (end === undefined) await once(news, 'more');
      return end;
    },
  };
}
