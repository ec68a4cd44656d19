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
    case 'held':
      return { op: 'held', holder: opened().held(question.key) };
    case 'heldByOthers':
      return { op: 'heldByOthers', held: opened().heldByOthers() };
    case 'gauge':
      return { op: 'gauge', record: opened().gauge() };
    case 'uploads':
      return { op: 'uploads', uploads: opened().uploads(question.owner) };
    case 'deadUploaders':
      return { op: 'deadUploaders', owners: opened().deadUploaders() };
    case 'vendorDocuments':
      return { op: 'vendorDocuments', documents: opened().vendorDocuments() };
    case 'close':
      state?.close();
      state = undefined;
      return { op: 'close' };
  }
}

const QUESTIONS: ReadonlySet<string> = new Set<SharedQuestion['op']>([
  'open',
  'fills',
  'held',
  'heldByOthers',
  'gauge',
  'uploads',
  'deadUploaders',
  'vendorDocuments',
  'close',
]);

serveStore<SharedQuestion, SharedWrite, SharedReply>({
  isWrite: (request): request is SharedWrite => !QUESTIONS.has(request.op),
  answer,
  write: (writes) => opened().write(writes),
});
