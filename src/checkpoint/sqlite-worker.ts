/**
 * The checkpoint's thread: it owns the SQLite connection, so that waiting for the disk never stops
 * the program's event loop. Requests that arrived while it waited are answered together, and
 * commits that stand next to each other share one transaction.
 */
import { parentPort } from 'node:worker_threads';
import { FatalError } from '../model/failure.ts';
import { SegmentStore } from './segment-store.ts';
import type { RequestMessage, SegmentCommit, StoreReply, StoreRequest } from './worker-protocol.ts';

let store: SegmentStore | undefined;
let waiting: RequestMessage[] = [];

function opened(): SegmentStore {
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

function serve(request: Exclude<StoreRequest, { op: 'commit' }>): StoreReply {
  switch (request.op) {
    case 'open':
      store = SegmentStore.open(request.file, request.busyTimeoutMs);
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
    case 'close':
      store?.close();
      store = undefined;
      return { op: 'close' };
  }
}

function commitTogether(numbers: readonly number[], commits: readonly SegmentCommit[]): void {
  try {
    const refusals = opened().commit(commits);
    numbers.forEach((number, at) => {
      const refusal = refusals[at];
      answer(number, refusal === undefined ? { op: 'commit' } : failed(refusal));
    });
  } catch (error) {
    for (const number of numbers) answer(number, failed(error));
  }
}

function serveWaiting(): void {
  const messages = waiting;
  waiting = [];
  let numbers: number[] = [];
  let commits: SegmentCommit[] = [];
  const flush = () => {
    if (commits.length > 0) commitTogether(numbers, commits);
    [numbers, commits] = [[], []];
  };
  for (const { number, request } of messages) {
    if (request.op === 'commit') {
      numbers.push(number);
      commits.push(request);
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
