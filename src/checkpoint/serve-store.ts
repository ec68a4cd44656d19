import { parentPort } from 'node:worker_threads';
import { FatalError } from '../model/failure.ts';
import type { FailedReply, Operation, ReplyMessage, RequestMessage } from './worker-protocol.ts';

/** A store as its thread serves it. */
export interface ServedStore<Question extends Operation, Write extends Operation, Reply> {
  isWrite(request: Question | Write): request is Write;
  /** @throws FatalError, Error for a bug. */
  answer(question: Question): Reply;
  /**
   * Carries out changes that waited at the same time, as one.
   * @returns for each its reply, or why that one was refused and left nothing behind.
   * @throws where none of them was carried out.
   */
  write(writes: readonly Write[]): readonly (Reply | Error)[];
}

interface Numbered<Request> {
  readonly number: number;
  readonly request: Request;
}

/**
 * Makes this thread a store's: it owns the SQLite connection, so that waiting for the disk never
 * stops the program's event loop. Requests that arrived while it waited are answered together, and
 * changes that stand next to each other are handed over as one. The question `close` ends it.
 */
export function serveStore<
  Question extends Operation,
  Write extends Operation,
  Reply extends Operation,
>(store: ServedStore<Question, Write, Reply>): void {
  let waiting: RequestMessage<Question | Write>[] = [];

  function reply(number: number, reply: Reply | FailedReply): void {
    const message: ReplyMessage<Reply> = { number, reply };
    parentPort?.postMessage(message);
  }

  function writeTogether(writes: readonly Numbered<Write>[]): void {
    try {
      const replies = store.write(writes.map(({ request }) => request));
      writes.forEach(({ number }, at) => {
        const one = replies[at] ?? new Error('a change was not answered');
        reply(number, one instanceof Error ? failed(one) : one);
      });
    } catch (error) {
      for (const { number } of writes) reply(number, failed(error));
    }
  }

  function answer({ number, request }: Numbered<Question>): void {
    try {
      reply(number, store.answer(request));
    } catch (error) {
      reply(number, failed(error));
    }
    if (request.op === 'close') parentPort?.close();
  }

  function serveWaiting(): void {
    const messages = waiting;
    waiting = [];
    let writes: Numbered<Write>[] = [];
    const flush = () => {
      if (writes.length > 0) writeTogether(writes);
      writes = [];
    };
    for (const { number, request } of messages) {
      if (store.isWrite(request)) {
        writes.push({ number, request });
        continue;
      }
      flush();
      answer({ number, request });
    }
    flush();
  }

  parentPort?.on('message', (message: RequestMessage<Question | Write>) => {
    // Everything that is already in the port comes in before the next turn of the loop.
    if (waiting.push(message) === 1) setImmediate(serveWaiting);
  });
}

function failed(error: unknown): FailedReply {
  if (error instanceof FatalError) {
    const detail = error.cause instanceof Error ? error.cause.message : error.message;
    return { op: 'failed', message: error.message, kind: error.kind, detail };
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { op: 'failed', message, kind: undefined, detail: stack ?? message };
}
