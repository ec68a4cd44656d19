/* global URL */
import { execFile } from 'node:child_process';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePort } from './serve-process.js';
import {
  countByRclone,
  makeBucket,
  runOurs,
  runRclone,
  RCLONE_FASTEST,
} from './yard-contestants.js';
import { race, ratios, spread } from './yard-race.js';
import { mustHave } from './yard-small.js';

const run = promisify(execFile);
const script = (name) => fileURLToPath(new URL(`../integration/${name}`, import.meta.url));
const RCLONE = 'rclone fast 16';
const RCLONE_FLAGS = [...RCLONE_FASTEST, '--transfers', '16'];

async function countFiles(place) {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  const files = entries.filter((one) => one.isFile() && one.name.endsWith('.jpg'));
  const told = { objects: files.length, bytes: 0 };
  for (const { parentPath, name } of files)
    told.bytes += (await stat(path.join(parentPath, name))).size;
  return told;
}

/** Of a store that is the limit itself nothing is wanted; the ratio is told all the same. */
function beside(row, runs) {
  const pace = spread(ratios(runs, 'bucketfill', RCLONE, 'perSecond'));
  return { runs, verdicts: [{ row, target: `objects/s : ${RCLONE}`, ...pace, isMet: undefined }] };
}

/** Small objects into a directory: ours makes each one durable, rclone does not. */
export async function intoDirectory({ nginx, folder, trees, repeats, node }) {
  const tree = trees.small;
  const origin = `${nginx.origin}/small/`;
  const place = path.join(folder, 'directory');
  const counted = (name, go) => async () => {
    await rm(place, { recursive: true, force: true });
    const figures = await go();
    mustHave(name, await countFiles(place), tree);
    return { ...figures, perSecond: tree.objects / figures.seconds };
  };
  const bucket = { url: `file:${place}` };
  const contestants = {
    bucketfill: counted('bucketfill', () => runOurs({ folder, origin, bucket, tree, node })),
    [RCLONE]: counted(RCLONE, () => runRclone({ folder, origin, to: place, flags: RCLONE_FLAGS })),
  };
  return beside('directory', await race(contestants, repeats));
}

/** Small objects into Ceph's gateway, which is the limit. */
export async function intoRadosgw({ nginx, folder, trees, repeats, node }) {
  const tree = trees.part;
  const origin = `${nginx.origin}/part/`;
  const place = path.join(folder, 'radosgw');
  const ports = [await freePort(), await freePort()];
  const keys = { access: 'test', secret: 'testtest' };
  const endpoint = `http://127.0.0.1:${ports[0]}`;
  let bucketNumber = 0;
  const counted = (name, go) => async () => {
    const bucket = `bench-${(bucketNumber += 1)}`;
    const to = `store:${bucket}`;
    await makeBucket({ folder, endpoint, to, keys });
    const figures = await go(bucket, to);
    mustHave(name, await countByRclone({ folder, endpoint, to, keys }), tree);
    return { ...figures, perSecond: tree.objects / figures.seconds };
  };
  const contestants = {
    bucketfill: counted('bucketfill', (bucket) =>
      runOurs({ folder, origin, bucket: { url: `s3://${bucket}/`, endpoint }, tree, keys, node }),
    ),
    [RCLONE]: counted(RCLONE, (_, to) =>
      runRclone({ folder, origin, endpoint, to, flags: RCLONE_FLAGS, keys }),
    ),
  };
  try {
    await run('bash', [script('s3-radosgw.sh'), place, ...ports.map(String)]);
    return beside('radosgw', await race(contestants, repeats));
  } finally {
    await run('bash', [script('s3-stop.sh'), place]);
  }
}
