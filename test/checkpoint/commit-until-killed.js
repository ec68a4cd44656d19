// Begins a job in the directory named by the first argument and commits segments until it is
// killed; each id is written once its commit has resolved.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteState } from '../../dist/checkpoint/sqlite-state.js';

const file = join(process.argv[2], 'checkpoint.db');
const { checkpoint } = await openSqliteState({ file, results: 'all', now: () => 0 });
await checkpoint.begin({});
for (let id = 0; ; id += 1) {
  const outcomes = Uint8Array.of(0b01010101);
  const counts = { entries: 4, copied: 4, skipped: 0, failed: 0, closed: true };
  const place = { start: id * 100, end: id * 100 + 100, prefixCrc: id };
  const segments = [{ id, ...place, ...counts, outcomes, failures: [] }];
  const results = [0, 1, 2, 3].map((index) => ({ segment: id, index, key: `${id}/${index}` }));
  await checkpoint.commit({ segments, results, finished: false });
  writeSync(1, `${id}\n`);
}
