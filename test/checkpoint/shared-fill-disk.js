// Records fills until the disk refuses; run below a limit on file sizes. Prints how that was told.
// Argument: directory.
import { writeSync } from 'node:fs';
import { openSharedStore } from '../../dist/checkpoint/shared-store.js';

const { pending } = await openSharedStore({ directory: process.argv[2], now: () => 0 });
let acknowledged = 0;
try {
  for (let at = 0; at < 100_000; at += 1) {
    await pending.record({ key: `${at}`, rule: 'all', query: 'q'.repeat(2000), headers: {} });
    acknowledged += 1;
  }
} catch (error) {
  const { name, kind, message } = error;
  writeSync(1, JSON.stringify({ name, kind, message, acknowledged }));
}
process.exit(0);
