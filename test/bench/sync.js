/**
 * Measures a sync of an origin in which nothing has changed, through the real binary, beside
 * `rclone sync --dry-run` in turns. Origin and bucket are S3 stores that make their listings up, each
 * in a process of its own, so that the client is the limit. What an earlier sync would have left, the
 * generation, is written before.
 *
 * `npm run bench:sync -- [--keys N[,N…]] [--rounds R]`; 1000000 and 3 if nothing is said.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { parseArgs } from 'node:util';
import { jobDirectoryName } from '../../dist/checkpoint/job-directory-name.js';
import { sharedFolder } from '../../dist/cli/known-bucket.js';
import { openGenerations } from '../../dist/scan/generation/open-generations.js';
import { keyOf, startStore } from './scale-store.js';
import { watched } from './watched.js';

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    'cpu-prof': { type: 'string' },
  },
});
const BIN = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));
const ETAG = '"d41d8cd98f00b204e9800998ecf8427e"';
const SIZE = 1024;
const BATCH = 10_000;

const rules = (origin, store) => `version: 1
allowPrivate: true
bucket:
  url: s3://bucket/
  endpoint: ${store}
  credentials: { env: BENCH }
rules:
  - id: all
    origins:
      masters:
        - { url: s3://bucket/, endpoint: "${origin}", credentials: { env: BENCH } }
`;

const KEYS = { BENCH_ACCESS_KEY_ID: 'bench', BENCH_SECRET_ACCESS_KEY: 'bench' };

function rcloneRemote(name, endpoint) {
  const settings = {
    TYPE: 's3',
    PROVIDER: 'Other',
    ENDPOINT: endpoint,
    ACCESS_KEY_ID: 'bench',
    SECRET_ACCESS_KEY: 'bench',
    FORCE_PATH_STYLE: 'true',
    LIST_VERSION: '2',
  };
  return Object.fromEntries(
    Object.entries(settings).map(([field, value]) => [`RCLONE_CONFIG_${name}_${field}`, value]),
  );
}

/** What an earlier sync has left. */
async function writeGeneration(folder, endpoint, keys) {
  const shared = sharedFolder(path.join(folder, '.bucketfill'), `${endpoint} bucket/`);
  const job = jobDirectoryName('rules.sync.scan');
  const writer = await openGenerations(path.join(shared, 'generations', job)).begin();
  for (let from = 0; from < keys; from += BATCH) {
    const entries = Array.from({ length: Math.min(BATCH, keys - from) }, (_, index) => {
      const key = keyOf(from + index);
      const listed = { rule: 'all', originKey: key, size: SIZE, etag: ETAG };
      const dated = { lastModifiedMs: 0, resolutionMs: 1000 };
      return { key, ...listed, ...dated, stored: { etag: ETAG, size: SIZE } };
    });
    await writer.append(entries);
  }
  await writer.commit(Date.now());
}

async function measured(command, args, env, stores) {
  const before = await Promise.all(stores.map((store) => store.counts()));
  const figures = await watched(command, args, { env });
  const after = await Promise.all(stores.map((store) => store.counts()));
  const asked = (name) =>
    after.reduce((sum, counts, index) => sum + counts[name] - before[index][name], 0);
  return { ...figures, listings: asked('listings'), heads: asked('heads') };
}

function tell(name, { code, said, seconds, rssMiB, cpuS, listings, heads }) {
  const figures = [
    `${seconds.toFixed(1)} s`,
    `${cpuS.toFixed(1)} s CPU`,
    `${rssMiB.toFixed(0)} MiB`,
    `${listings} listings`,
    `${heads} HEADs`,
    ...(code === 0 ? [] : [`EXIT ${code}: ${said.trim().slice(-500)}`]),
  ];
  process.stdout.write(`${name}: ${figures.join(', ')}\n`);
}

async function compare(keys) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-sync-'));
  const stores = [await startStore(keys, keys), await startStore(keys, keys)];
  const [origin, bucket] = stores.map(({ url }) => url);
  try {
    const file = path.join(folder, 'rules.yaml');
    await writeFile(file, rules(origin, bucket));
    await writeGeneration(folder, bucket, keys);
    const env = { PATH: process.env.PATH, HOME: folder };
    const remotes = { ...rcloneRemote('A', origin), ...rcloneRemote('B', bucket) };
    const profile = values['cpu-prof'];
    const node = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
    for (let round = 0; round < Number(values.rounds); round += 1) {
      const ours = [...node, BIN, 'sync', file, '--quiet'];
      const sync = await measured(process.execPath, ours, { ...env, ...KEYS }, stores);
      tell(`${keys} keys, bucketfill sync`, sync);
      for (const how of ['--checksum', '--size-only']) {
        const flags = ['--dry-run', '--fast-list', '--checkers', '16', how];
        const args = ['sync', 'A:bucket', 'B:bucket', ...flags];
        const peer = await measured('rclone', args, { ...env, ...remotes }, stores);
        tell(`${keys} keys, rclone sync --dry-run --fast-list ${how}`, peer);
      }
    }
  } finally {
    for (const store of stores) store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

for (const keys of values.keys.split(',')) await compare(Number(keys));
