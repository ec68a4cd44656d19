#!/usr/bin/env node
// The door: everything behind it is TypeScript, built into dist/ by `npm run build`.
import process from 'node:process';
import { setTimeout } from 'node:timers';
import v8 from 'node:v8';
import { main } from '../dist/bundle/main.js';

// How V8 keeps its heap while the work goes on. Not from the start: what a command loads then is no
// garbage, and a start with such flags set takes longer.
setTimeout(() => {
  // Else V8 comes to believe that what some place makes for each object lives long, and puts it among
  // the old at once, where it holds on to all that it refers to until the next full collection.
  // Little of what is made for an object outlives it here.
  v8.setFlagsFromString('--no-allocation-site-pretenuring');
  // Else garbage of several times the live heap gathers before V8 collects it.
  v8.setFlagsFromString('--heap-growing-percent=50');
}, 1000).unref();
process.exitCode = await main(process.argv.slice(2));
