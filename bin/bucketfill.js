#!/usr/bin/env node
// The door: everything behind it is TypeScript, built into dist/ by `npm run build`.
import process from 'node:process';
import { setTimeout } from 'node:timers';
import v8 from 'node:v8';
import { main } from '../dist/bundle/main.js';

// V8 comes to believe that what one part of the program makes for each object lives long, and puts
// it among the old at once, where it holds on to everything that it refers to until the next full
// collection. Nothing that is made for an object outlives it here.
v8.setFlagsFromString('--no-allocation-site-pretenuring');
// Else V8 lets garbage of several times the live heap gather before it collects. Not from the
// start: what a command loads then is no garbage, and a collection would only hold it up.
setTimeout(() => {
  v8.setFlagsFromString('--heap-growing-percent=50');
}, 2000).unref();
process.exitCode = await main(process.argv.slice(2));
