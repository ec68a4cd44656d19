// Takes a job and holds it until it is killed. Arguments: state directory, job.
import { writeSync } from 'node:fs';
import { setInterval } from 'node:timers';
import { openJob } from '../../dist/checkpoint/job-folder.js';

const [, , stateDir, job] = process.argv;
await openJob({
  stateDir,
  job,
  wait: false,
  newJob: false,
  results: 'all',
  holder: { pid: process.pid, host: 'hold-job', command: 'migrate' },
  clock: { now: () => 0, sleep: async () => undefined, random: () => 0 },
  signal: new globalThis.AbortController().signal,
});
writeSync(1, 'held\n');
setInterval(() => undefined, 1000);
