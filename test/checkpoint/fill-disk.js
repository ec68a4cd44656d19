// Commits until the disk refuses; run below a limit on file sizes. Prints how that was told.
// Arguments: directory, and `results` where it is the results log that grows fastest.
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteState } from '../../dist/checkpoint/sqlite-state.js';

const file = join(process.argv[2], 'checkpoint.db');
const { checkpoint } = await openSqliteState({ file, results: 'all', now: () => 0 });
await checkpoint.begin({});
const outcomes = new Uint8Array(256).fill(0x99);
const counts = { entries: 1024, copied: 512, skipped: 512, failed: 0, closed: true };
const withResults = process.argv[3] === 'results';
let acknowledged = 0;
try {
  for (let id = 0; id < 100_000; id += 1) {
    const place = { start: id, end: id + 1, prefixCrc: id };
    const segments = [{ id, ...place, ...counts, outcomes, failures: [] }];
    const key = withResults ? randomBytes(32_768).toString('base64') : '';
    const results = withResults ? [{ segment: id, index: 0, key }] : [];
    await checkpoint.commit({ segments, results, finished: false });
    acknowledged += 1;
  }
} catch (error) {
  const { name, kind, message } = error;
  writeSync(1, JSON.stringify({ name, kind, message, acknowledged }));
}
process.exit(0);
