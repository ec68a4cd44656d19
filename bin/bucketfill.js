#!/usr/bin/env node
// The door: everything behind it is TypeScript, built into dist/ by `npm run build`.
import process from 'node:process';
import v8 from 'node:v8';
import { main } from '../dist/cli/main.js';

// Else V8 lets garbage of several times the live heap gather before it collects.
v8.setFlagsFromString('--heap-growing-percent=50');
process.exitCode = await main(process.argv.slice(2));
