/** The shared store's thread. */
import { serveStore } from './serve-store.ts';
import type { SharedQuestion, SharedReply, SharedWrite } from './shared-protocol.ts';
import { SharedState } from './shared-state.ts';

let state: SharedState | undefined;

function opened(): SharedState {
  if (state === undefined) throw new Error('the shared store is not open');
  return state;
}

function answer(question: SharedQuestion): SharedReply {
  switch (question.op) {
    case 'open':
      state = SharedState.open(question.directory, question.busyTimeoutMs);
      return { op: 'open' };
    case 'fills':
      return { op: 'fills', fills: opened().fills() };
    case 'gauge':
      return { op: 'gauge', record: opened().gauge() };
    case 'close':
      state?.close();
      state = undefined;
      return { op: 'close' };
  }
}

function isQuestion({ op }: SharedQuestion | SharedWrite): boolean {
  return op === 'open' || op === 'fills' || op === 'gauge' || op === 'close';
}

serveStore<SharedQuestion, SharedWrite, SharedReply>({
  isWrite: (request): request is SharedWrite => !isQuestion(request),
  answer,
  write: (writes) => opened().write(writes),
});
