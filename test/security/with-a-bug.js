// The real command line with a bug in it: the n-th boundary that a run reaches throws an error whose
// cause and stack are as talkative as they come.
import process from 'node:process';
import { main } from '../../dist/cli/main.js';
import { processSurroundings } from '../../dist/cli/surroundings.js';

const [boundary, ...argv] = process.argv.slice(2);
process.exitCode = await main(argv, {
  ...processSurroundings(),
  onBoundary: (name) => {
    if (name === boundary) throw new Error(`a bug at ${name}`);
  },
});
