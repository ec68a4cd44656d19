#!/usr/bin/env node
// The door: everything behind it is TypeScript, built into dist/ by `npm run build`.
import process from 'node:process';
import { setTimeout } from 'node:timers';
import v8 from 'node:v8';
import { main } from '../dist/bundle/main.js';

// Else V8 lets garbage of several times the live heap gather before it collects. Not from the
// start: what a command loads then is no garbage, and a collection would only hold it up.
setTimeout(() => {
  v8.setFlagsFromString('--heap-growing-percent=50');
}, 2000).unref();
process.exitCode = await main(process.argv.slice(2));
