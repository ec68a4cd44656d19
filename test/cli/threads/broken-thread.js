// A thread that breaks down over its first entries.
import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ op }) => {
  if (op === 'open') parentPort.postMessage({ op: 'opened' });
  if (op === 'entries') throw new Error('a bug in a thread');
});
