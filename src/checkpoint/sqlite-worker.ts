/**
 * The checkpoint's thread: it owns the SQLite connection, so that waiting for the disk never stops
 * the program's event loop. Requests that arrived while it waited are answered together, and
 * changes that stand next to each other share one transaction.
 */
import { parentPort } from 'node:worker_threads';
import { FatalError } from '../model/failure.ts';
import { JobStore } from './job-store.ts';
import type {
  RequestMessage,
  StoreQuestion,
  StoreReply,
  StoreRequest,
  StoreWrite,
} from './worker-protocol.ts';

let store: JobStore | undefined;
let waiting: RequestMessage[] = [];

function opened(): JobStore {
  if (store === undefined) throw new Error('the checkpoint is not open');
  return store;
}

function answer(number: number, reply: StoreReply): void {
  parentPort?.postMessage({ number, reply });
}

function failed(error: unknown): StoreReply {
  if (error instanceof FatalError) {
    const detail = error.cause instanceof Error ? error.cause.message : error.message;
    return { op: 'failed', message: error.message, kind: error.kind, detail };
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { op: 'failed', message, kind: undefined, detail: stack ?? message };
}

function serve(request: StoreQuestion): StoreReply {
  switch (request.op) {
    case 'open':
      store = JobStore.open(request.file, request.busyTimeoutMs);
      return { op: 'open' };
    case 'load':
      return { op: 'load', record: opened().load() };
    case 'begin':
      opened().begin(request.fingerprint);
      return { op: 'begin' };
    case 'totals':
      return { op: 'totals', totals: opened().totals() };
    case 'openSegments':
      return { op: 'openSegments', segments: opened().openSegments() };
    case 'uploads':
      return { op: 'uploads', uploads: opened().uploads() };
    case 'close':
      store?.close();
      store = undefined;
      return { op: 'close' };
  }
}

function isWrite(request: StoreRequest): request is StoreWrite {
  return request.op === 'commit' || request.op === 'keepUpload' || request.op === 'dropUpload';
}

interface NumberedWrite {
  readonly number: number;
  readonly write: StoreWrite;
}

function writeTogether(writes: readonly NumberedWrite[]): void {
  try {
    const refusals = opened().write(writes.map(({ write }) => write));
    writes.forEach(({ number, write }, at) => {
      const refusal = refusals[at];
      answer(number, refusal === undefined ? { op: write.op } : failed(refusal));
    });
  } catch (error) {
    for (const { number } of writes) answer(number, failed(error));
  }
}

function serveWaiting(): void {
  const messages = waiting;
  waiting = [];
  let writes: NumberedWrite[] = [];
  const flush = () => {
    if (writes.length > 0) writeTogether(writes);
    writes = [];
  };
  for (const { number, request } of messages) {
    if (isWrite(request)) {
      writes.push({ number, write: request });
      continue;
    }
    flush();
    try {
      answer(number, serve(request));
    } catch (error) {
      answer(number, failed(error));
    }
    if (request.op === 'close') parentPort?.close();
  }
  flush();
}

parentPort?.on('message', (message: RequestMessage) => {
  // Everything that is already in the port comes in before the next turn of the loop.
  if (waiting.push(message) === 1) setImmediate(serveWaiting);
});
