/* global URL */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { measured } from './yard-measure.js';

const BIN = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));
const BARE = fileURLToPath(new URL('yard-bare.js', import.meta.url));

/** What rclone's documentation names for speed; the number of transfers comes to it. */
export const RCLONE_FASTEST = [
  '--s3-no-head',
  '--s3-no-check-bucket',
  '--ignore-checksum',
  '--http-no-head',
];

const KEYS = { access: 'bench', secret: 'bench-secret' };

/** Nothing of ours: neither AWS_CA_BUNDLE, which slows rclone, nor any proxy. */
const plainEnv = (folder) => ({ PATH: process.env.PATH, HOME: folder });

const bucketYaml = ({ url, endpoint }) => `  url: ${url}
${endpoint === undefined ? '' : `  endpoint: ${endpoint}\n  credentials: { env: BENCH }\n`}`;

const rulesYaml = ({ origin, bucket, concurrency }) => `version: 1
allowPrivate: true
bucket:
${bucketYaml(bucket)}rules:
  - id: all
    origins: { masters: ["${origin}"] }
${concurrency === undefined ? '' : `    protect: { concurrency: ${concurrency} }\n`}`;

/** A fresh folder with these rules, and the environment that names the keys. */
async function oursIn(folder, rules, keys) {
  const cwd = path.join(folder, 'ours');
  await rm(cwd, { recursive: true, force: true });
  await mkdir(cwd, { recursive: true });
  await writeFile(path.join(cwd, 'rules.yaml'), rules);
  const env = {
    ...plainEnv(folder),
    BENCH_ACCESS_KEY_ID: keys.access,
    BENCH_SECRET_ACCESS_KEY: keys.secret,
  };
  return { cwd, env };
}

/**
 * Runs `migrate --keys` with the defaults, from a state of its own, and holds what it reports of
 * each object against what it is to do: a key that was not examined, or copied without its length
 * being verified, ends the whole measurement.
 * @param {{ folder: string, origin: string, bucket: { url: string, endpoint?: string }, keys?: object,
 *   tree: { keysFile: string, objects: number }, outcome?: 'copied' | 'skipped', flags?: string[],
 *   concurrency?: number }} work
 */
export async function runOurs(work) {
  const { folder, tree, keys = KEYS, outcome = 'copied', flags = [], node = [] } = work;
  const { cwd, env } = await oursIn(folder, rulesYaml(work), keys);
  const run = (args, before = []) =>
    measured({ command: process.execPath, args: [...before, BIN, ...args], env, cwd });
  const figures = await run(['migrate', 'rules.yaml', '--keys', tree.keysFile, ...flags], node);
  const report = await run(['report', 'rules.yaml', '--format', 'jsonl']);
  mustBeGated(report.stdout, tree.objects, outcome);
  return figures;
}

function mustBeGated(report, objects, outcome) {
  const lines = report.split('\n').filter(Boolean);
  const told = lines.map((line) => JSON.parse(line)).filter((one) => one.key !== undefined);
  const isRight = (one) =>
    one.outcome === outcome && (outcome !== 'copied' || one.lengthVerified === true);
  const right = new Set(told.filter(isRight).map(({ key }) => key)).size;
  if (right === objects && told.length === objects) return;
  const which = outcome === 'copied' ? 'copied with its length verified' : outcome;
  throw new Error(
    `bucketfill: ${right} of ${objects} objects are reported as ${which}, in ${told.length} outcomes`,
  );
}

/**
 * @param {{ folder: string, origin: string, sink: string, tree: object, concurrency: number,
 *   digests?: string[] }} work
 */
export async function runBare({ folder, origin, sink, tree, concurrency, digests = [] }) {
  const args = [BARE, origin, sink, tree.keysFile, String(concurrency), ...digests];
  return measured({ command: process.execPath, args, env: plainEnv(folder) });
}

function rcloneEnv(folder, origin, endpoint, keys) {
  const remotes = {
    ORIGIN_TYPE: 'http',
    ORIGIN_URL: origin,
    STORE_TYPE: 's3',
    STORE_PROVIDER: 'Other',
    STORE_ENDPOINT: endpoint,
    STORE_ACCESS_KEY_ID: keys.access,
    STORE_SECRET_ACCESS_KEY: keys.secret,
    STORE_FORCE_PATH_STYLE: 'true',
    STORE_LIST_VERSION: '2',
  };
  const named = Object.entries(remotes).map(([name, value]) => [`RCLONE_CONFIG_${name}`, value]);
  return { ...plainEnv(folder), ...Object.fromEntries(named) };
}

/**
 * Lets rclone copy a tree from the origin's index pages, which it reads faster than it asks for the
 * keys of a list one by one.
 * @param {{ folder: string, origin: string, endpoint?: string, to: string, flags: string[], keys?: object }} work
 */
export async function runRclone({ folder, origin, endpoint = '', to, flags, keys = KEYS }) {
  const args = ['copy', 'origin:', to, ...flags];
  const env = rcloneEnv(folder, origin, endpoint, keys);
  return measured({ command: 'rclone', args, env });
}

/** How many objects rclone finds there. */
export async function countByRclone({ folder, endpoint, to, keys }) {
  const env = rcloneEnv(folder, 'http://127.0.0.1:1/', endpoint, keys);
  const { stdout } = await measured({ command: 'rclone', args: ['size', '--json', to], env });
  const { count, bytes } = JSON.parse(stdout);
  return { objects: count, bytes };
}

/**
 * Lets `scan` list a bucket to stdout.
 * @param {{ folder: string, endpoint: string, url: string, keys: object }} work
 */
export async function runScan({ folder, endpoint, url, keys }) {
  const master = `{ url: "${url}", endpoint: "${endpoint}", credentials: { env: BENCH } }`;
  const rules = `version: 1
allowPrivate: true
bucket: { url: file:./bucket }
rules: [{ id: all, origins: { masters: [${master}] } }]
`;
  const { cwd, env } = await oursIn(folder, rules, keys);
  const args = [BIN, 'scan', 'rules.yaml', '--quiet'];
  return measured({ command: process.execPath, args, env, cwd });
}

/** Lets rclone list the same bucket: names alone, as it is fastest. */
export async function listByRclone({ folder, endpoint, keys, flags }) {
  const env = rcloneEnv(folder, 'http://127.0.0.1:1/', endpoint, keys);
  const args = ['lsf', '-R', '--files-only', 'store:bench', ...flags];
  return measured({ command: 'rclone', args, env });
}

/** Makes a bucket in a real store. */
export async function makeBucket({ folder, endpoint, to, keys }) {
  const env = rcloneEnv(folder, 'http://127.0.0.1:1/', endpoint, keys);
  await measured({ command: 'rclone', args: ['mkdir', to], env });
}

/** One `curl | curl` an object, all at once. */
export async function runCurls({ folder, origin, sink, tree }) {
  const script =
    'while read -r key; do curl -sf "$0$key" | curl -sf -H Expect: -T - "$1/bucket/$key" & done < "$2"; wait';
  const args = ['-c', script, origin, sink, tree.keysFile];
  return measured({ command: 'bash', args, env: plainEnv(folder) });
}
