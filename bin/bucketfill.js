#!/usr/bin/env node
// The door: everything behind it is TypeScript, built into dist/ by `npm run build`.
import process from 'node:process';
import { main } from '../dist/cli/main.js';

process.exitCode = await main(process.argv.slice(2));
