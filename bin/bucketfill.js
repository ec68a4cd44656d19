#!/usr/bin/env node
// The door: everything behind it is TypeScript, built into dist/ by `npm run build`.
import process from 'node:process';
import { setTimeout } from 'node:timers';
import v8 from 'node:v8';
import vm from 'node:vm';
import { main } from '../dist/bundle/main.js';

// Else V8 lets garbage of several times the live heap gather before it collects, and most of all
// before the first time: what was loaded counts for it, and is garbage by then. Not from the start,
// when a collection would only hold up the command.
setTimeout(() => {
  v8.setFlagsFromString('--heap-growing-percent=50');
  v8.setFlagsFromString('--expose-gc');
  vm.runInNewContext('globalThis.gc')?.();
}, 1500).unref();
process.exitCode = await main(process.argv.slice(2));
