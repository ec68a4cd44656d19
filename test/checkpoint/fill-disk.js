// Commits until the disk refuses; run below a limit on file sizes. Prints how that was told.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { sqliteCheckpoint } from '../../dist/checkpoint/sqlite-checkpoint.js';

const checkpoint = await sqliteCheckpoint(join(process.argv[2], 'checkpoint.db'));
await checkpoint.begin({});
const outcomes = new Uint8Array(256).fill(0x99);
const counts = { entries: 1024, copied: 512, skipped: 512, failed: 0, closed: true };
let acknowledged = 0;
try {
  for (let id = 0; id < 100_000; id += 1) {
    const place = { start: id, end: id + 1, prefixCrc: id };
    await checkpoint.commit([{ id, ...place, ...counts, outcomes, failures: [] }], false);
    acknowledged += 1;
  }
} catch (error) {
  const { name, kind, message } = error;
  writeSync(1, JSON.stringify({ name, kind, message, acknowledged }));
}
process.exit(0);
