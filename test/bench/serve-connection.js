/* global URL */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';

import { isPieceAt, PIECE_BYTES } from './serve-pattern.js';

const HEAD_END = '\r\n\r\n';

/** All connections of a process read into it: what was read is looked at before the next read. */
const shared = Buffer.allocUnsafe(PIECE_BYTES);

/**
 * A kept connection for one request at a time, that costs as little as may be: the body is held
 * against the pattern where it lies, and not kept.
 * @param {string} site `http://host:port`
 */
export async function openConnection(site) {
  const { hostname, port } = new URL(site);
  let answer;
  const socket = connect({
    host: hostname,
    port: Number(port),
    noDelay: true,
    onread: { buffer: shared, callback: (length) => (answer?.take(length), true) },
  });
  socket.on('error', () => undefined).on('close', () => answer?.broken());
  await once(socket, 'connect');
  return {
    /**
     * Sends a GET and reads the whole answer. Times are milliseconds behind the request: of the
     * head, of the body's first byte and of its last.
     * @returns {Promise<{ status: number, mark: string | undefined, whole: boolean, equal: boolean, bytes: number, headMs: number, firstMs: number, lastMs: number }>}
     */
    ask: (path) =>
      new Promise((resolve) => {
        answer = reading(performance.now(), (read) => {
          answer = undefined;
          resolve(read);
        });
        socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`);
      }),
    close: () => socket.destroy(),
  };
}

function reading(startMs, done) {
  const read = { status: 0, mark: undefined, whole: false, equal: true, bytes: 0 };
  let head = '';
  let length = NaN;
  const sinceMs = () => performance.now() - startMs;

  /** @returns how many of the bytes were the head's. */
  const takeHead = (received) => {
    const before = head.length;
    head += shared.latin1Slice(0, received);
    const end = head.indexOf(HEAD_END);
    if (end < 0) return received;
    read.headMs = sinceMs();
    read.status = Number(head.slice(9, 12));
    read.mark = /^x-bucketfill: (.*)$/im.exec(head)?.[1].trim();
    length = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    return end + HEAD_END.length - before;
  };

  return {
    take: (received) => {
      const from = Number.isNaN(length) ? takeHead(received) : 0;
      const bytes = received - from;
      if (bytes > 0) {
        read.firstMs ??= sinceMs();
        read.equal &&= isPieceAt(read.bytes, shared, from, bytes);
        read.bytes += bytes;
      }
      if (read.bytes !== length) return;
      read.lastMs = sinceMs();
      read.whole = true;
      done(read);
    },
    broken: () => done(read),
  };
}
