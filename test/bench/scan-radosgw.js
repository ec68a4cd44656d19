/**
 * Measures the scan of an S3 bucket of 100,000 keys in Ceph's gateway, beside `rclone lsf -R` with
 * its fastest documented flags and without, in turns; whoever lists another number ends it.
 *
 * `npm run bench:scan-radosgw -- [--keys 100000] [--rounds 3]`. Needs radosgw, python3 and rclone.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { Pool } from 'undici';

import { EMPTY_PAYLOAD, v4Signer } from '../../dist/s3/sign-v4.js';
import { keyOf } from './scale-store.js';
import { freePort } from './serve-process.js';
import { listByRclone, makeBucket, runScan } from './yard-contestants.js';
import { race, ratios, verdict } from './yard-race.js';
import { figuresTable, machine, verdictsTable } from './yard-table.js';

const run = promisify(execFile);
const script = (name) => fileURLToPath(new URL(`../integration/${name}`, import.meta.url));
const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
  },
});
const KEYS = { access: 'test', secret: 'testtest' };
const AT_ONCE = 32;
/** The flags that rclone's documentation names for fast listings. */
const FAST = ['--fast-list', '--use-server-modtime', '--checkers', '64'];

/** Puts so many empty objects, under keys like those of the other benchmarks. */
async function fill(endpoint, count) {
  const { host } = new URL(endpoint);
  const pool = new Pool(endpoint, { connections: AT_ONCE });
  const sign = v4Signer();
  const keys = { accessKeyId: KEYS.access, secretAccessKey: KEYS.secret, sessionToken: undefined };
  let next = 0;
  const work = async () => {
    while (next < count) {
      const path = `/bench/${keyOf(next++)}`;
      const unsigned = { method: 'PUT', path, query: '', host, headers: {} };
      const headers = sign(
        { ...unsigned, payloadHash: EMPTY_PAYLOAD },
        { keys, region: 'us-east-1', nowMs: Date.now() },
      );
      const answer = await pool.request({ method: 'PUT', path, headers });
      await answer.body.dump();
      if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await pool.close();
}

function counted(name, expected, go) {
  return async () => {
    const { stdout, ...figures } = await go();
    const listed = stdout.split('\n').length - 1;
    if (listed !== expected) throw new Error(`${name} listed ${listed} of ${expected} keys`);
    return { ...figures, perSecond: expected / figures.seconds };
  };
}

async function main(folder) {
  const count = Number(values.keys);
  const ports = [await freePort(), await freePort()];
  const place = path.join(folder, 'radosgw');
  const endpoint = `http://127.0.0.1:${ports[0]}`;
  process.stdout.write(`${JSON.stringify(machine())}\n`);
  try {
    await run('bash', [script('s3-radosgw.sh'), place, ...ports.map(String)]);
    await makeBucket({ folder, endpoint, to: 'store:bench', keys: KEYS });
    await fill(endpoint, count);
    const listing = { folder, endpoint, keys: KEYS };
    const contestants = {
      bucketfill: counted('bucketfill', count, () => runScan({ ...listing, url: 's3://bench/' })),
      rclone: counted('rclone', count, () => listByRclone({ ...listing, flags: [] })),
      'rclone fast': counted('rclone fast', count, () => listByRclone({ ...listing, flags: FAST })),
    };
    const runs = await race(contestants, Number(values.rounds));
    process.stdout.write(figuresTable(`${count} keys in radosgw`, runs));
    const verdicts = ['rclone', 'rclone fast'].map((peer) => ({
      row: 'scan',
      ...verdict(`keys/s : ${peer} > 1`, ratios(runs, 'bucketfill', peer, 'perSecond'), {
        atLeast: 1,
      }),
    }));
    process.stdout.write(verdictsTable(verdicts));
  } finally {
    await run('bash', [script('s3-stop.sh'), place]);
  }
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-scan-'));
try {
  await main(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
