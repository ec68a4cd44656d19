/**
 * Plays the same faults to bucketfill and, where it is installed, to rclone, and prints a table of
 * who stored what. It runs what `npm run build` made; each tool copies into a directory, and what
 * counts is the bytes that are there afterwards, and the exit code.
 *
 * `node test/scoreboard/scoreboard.js [KILLS]`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

import { bucketfill, rcloneCopy, rcloneCopyUrl, rcloneVersion } from './contestants.js';
import { startSite } from './faulty-site.js';
import { killTrial } from './kill-trial.js';
import { TRIALS } from './trials.js';

const KILLS = Number(process.argv[2] ?? 50);

const rclone = await rcloneVersion();
const contestants = rclone === undefined ? [bucketfill] : [bucketfill, rcloneCopy, rcloneCopyUrl];
const rows = [];
for (const trial of TRIALS) {
  const cells = [];
  for (const contestant of contestants) cells.push(await play(trial, contestant));
  rows.push([trial.name, trial.right.length === 0 ? 'nothing, and says so' : 'right', ...cells]);
}
const killed = [];
for (const contestant of contestants.filter((each) => each !== rcloneCopyUrl)) {
  killed.push(await inFolder((folder) => killTrial(contestant, folder, KILLS)));
}
rows.push([
  `killed with SIGKILL ${KILLS} times, then run to the end`,
  'right',
  ...killed,
  ...(rclone === undefined ? [] : ['–']),
]);
print(rows);

/** One trial of one contestant, as a cell. */
async function play({ key, objects, indexes, right }, contestant) {
  return inFolder(async (folder) => {
    const site = await startSite(objects, indexes);
    const keys = contestant === rcloneCopyUrl ? [key] : [...objects.keys()];
    const { exited } = await contestant.start(site.url, keys, folder);
    const code = await exited;
    await site.close();
    return `${verdict(await contestant.stored(folder), key, right)}, exit ${String(code)}`;
  });
}

function verdict(stored, key, right) {
  const isRight = (bytes) => right.some((each) => each.equals(bytes));
  const bytes = stored.get(key);
  if (bytes !== undefined) return isRight(bytes) ? 'right' : '**wrong bytes**';
  const [elsewhere] = [...stored].find(([, each]) => isRight(each)) ?? [];
  return elsewhere === undefined ? 'nothing' : `**under \`${elsewhere}\`**`;
}

async function inFolder(work) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-scoreboard-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function print(lines) {
  const head = ['fault', 'ought to be stored', ...contestants.map(({ name }) => name)];
  const text = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |\n`);
  process.stdout.write(`${rclone ?? 'rclone is not installed'}\n\n${text.join('')}`);
}
