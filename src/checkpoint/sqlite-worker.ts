/** The checkpoint's thread. */
import type { StoreQuestion, StoreReply, StoreWrite } from './job-protocol.ts';
import { JobStore } from './job-store.ts';
import { serveStore } from './serve-store.ts';
import { takeJob } from './take-job.ts';

let store: JobStore | undefined;
let giveBack: (() => void) | undefined;

function opened(): JobStore {
  if (store === undefined) throw new Error('the checkpoint is not open');
  return store;
}

/** The job is given back last, when its state is whole. */
function close(): void {
  try {
    store?.close();
  } finally {
    store = undefined;
    giveBack?.();
    giveBack = undefined;
  }
}

function answer(question: StoreQuestion): StoreReply {
  switch (question.op) {
    case 'take':
      giveBack = takeJob(question.taking);
      return { op: 'take', isTaken: giveBack !== undefined };
    case 'open':
      store = JobStore.open(question.file, question.busyTimeoutMs);
      return { op: 'open' };
    case 'load':
      return { op: 'load', record: opened().load() };
    case 'begin':
      opened().begin(question.fingerprint);
      return { op: 'begin' };
    case 'totals':
      return { op: 'totals', totals: opened().totals() };
    case 'openSegments':
      return { op: 'openSegments', segments: opened().openSegments() };
    case 'failedSegments':
      return { op: 'failedSegments', segments: opened().failedSegments(question.after) };
    case 'reopen':
      return { op: 'reopen', entries: opened().reopen() };
    case 'isReopened':
      return { op: 'isReopened', isReopened: opened().isReopened() };
    case 'uploads':
      return { op: 'uploads', uploads: opened().uploads() };
    case 'close':
      close();
      return { op: 'close' };
  }
}

serveStore<StoreQuestion, StoreWrite, StoreReply>({
  isWrite: (request): request is StoreWrite =>
    request.op === 'commit' || request.op === 'keepUpload' || request.op === 'dropUpload',
  answer,
  write(writes) {
    const refusals = opened().write(writes);
    return writes.map(({ op }, at) => refusals[at] ?? { op });
  },
});
