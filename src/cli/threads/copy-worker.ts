/** A thread that copies entries for the one that it was started by. */
import { parentPort } from 'node:worker_threads';
import { FatalError } from '../../model/failure.ts';
import { CopyingThread } from './copying-thread.ts';
import { endByBug } from './end-by-bug.ts';
import type { FromThread, Opening, ToThread } from './messages.ts';

const port = parentPort;
if (port === null) throw new Error('this is a thread, and no program');

const post = (message: FromThread): void => {
  port.postMessage(message);
};

let thread: CopyingThread | undefined;
/** What came before the thread was open. */
const early: Exclude<ToThread, { readonly op: 'open' }>[] = [];

async function open(opening: Opening): Promise<void> {
  try {
    const opened = await CopyingThread.open(opening, post);
    for (const message of early) opened.take(message);
    thread = opened;
    post({ op: 'opened' });
  } catch (error) {
    if (!(error instanceof FatalError)) throw error;
    post({ op: 'refused', kind: error.kind, message: error.message });
  }
}

port.on('message', (message: ToThread) => {
  if (message.op === 'open') open(message.opening).catch(endByBug);
  else if (thread === undefined) early.push(message);
  else thread.take(message);
});
