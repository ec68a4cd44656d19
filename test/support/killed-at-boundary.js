// The real command line with one thing added: at the n-th time that a run reaches a named boundary
// the process kills itself, as nobody's tidy-up code could prevent.
import process from 'node:process';
import { main } from '../../dist/cli/main.js';
import { processSurroundings } from '../../dist/cli/surroundings.js';

const [boundary, time, ...argv] = process.argv.slice(2);
let reached = 0;
process.exitCode = await main(argv, {
  ...processSurroundings(),
  onBoundary: (name) => {
    if (name !== boundary) return;
    reached += 1;
    if (reached === Number(time)) process.kill(process.pid, 'SIGKILL');
  },
});
