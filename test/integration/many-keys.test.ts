import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ODD_KEYS } from '../contract/odd-keys.ts';
import { hasDotSegments } from '../fidelity/any-keys.ts';
import { bytesOf, exactSite } from '../fidelity/exact-site.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { type Workplace, workplace } from '../support/workplace.ts';
import { changeBucket, sampleDigest } from './changed-by-boto.ts';
import { radosgw, type RealStore } from './s3-server.ts';

const START_TIMEOUT_MS = 180_000;
const TOTAL = 10_000;

/** A NUL is more than radosgw takes, a dot segment more than boto3's way there. */
const ODD = ODD_KEYS.filter((key) => !key.includes('\0') && !hasDotSegments(key));

/** A folder of many pages, many small ones, and keys that sort between them. */
function plainKeys(): readonly string[] {
  const keys: string[] = [];
  while (keys.length < 4000) keys.push(`large/n${String(keys.length)}`);
  while (keys.length < 7000) {
    keys.push(`small/${String(keys.length % 50)}/é n+${String(keys.length)}`);
  }
  while (keys.length < TOTAL - ODD.length) keys.push(`flat-${String(keys.length)}`);
  return keys;
}

const PLAIN = plainKeys();
const ALL = [...PLAIN, ...ODD].toSorted();

let store: RealStore;
let source: string;
let target: string;
let place: Workplace;

beforeAll(async () => {
  store = await radosgw();
  [source, target] = [await store.makeBucket(), await store.makeBucket()];
  await fill();
  place = await workplace(rulesTo(target, inStore(source)));
}, START_TIMEOUT_MS);

afterAll(() => place.remove());

/** The odd ones come by somebody else's code, the many by a migrate, which takes less time. */
async function fill(): Promise<void> {
  await changeBucket(
    store,
    source,
    ODD.map((key) => ({ put: key, body: bytesOf(key).toString() })),
  );
  const site = await exactSite(PLAIN);
  const filling = await workplace(rulesTo(source, `"${site.url}"`));
  await filling.list(PLAIN);
  const filled = await filling.migrate(['--results', 'none'], { env: environment() });
  expect(filled.summary, filled.stderr).toMatchObject({ copied: PLAIN.length, exitCode: 0 });
  await Promise.all([site.close(), filling.remove()]);
}

const rulesTo = (bucket: string, master: string): string => `version: 1
allowPrivate: true
bucket: ${inStore(bucket)}
rules: [{ id: all, origins: { masters: [${master}] } }]
`;

const inStore = (bucket: string): string =>
  `{ url: "s3://${bucket}", endpoint: "${store.endpoint}", credentials: { env: STORE } }`;

const environment = (): Readonly<Record<string, string>> => ({
  STORE_ACCESS_KEY_ID: store.accessKeyId,
  STORE_SECRET_ACCESS_KEY: store.secretAccessKey,
});

function bucketfill(command: string, ...args: readonly string[]): Promise<CliResult> {
  return runCli([command, place.rules, '--json', ...args], { env: environment() });
}

/** The keys that a run told so, sorted, as often as it told them. */
function told({ objects }: CliResult, outcome: string): string[] {
  return objects
    .filter((event) => event.outcome === outcome)
    .map((event) => ('key' in event ? event.key : ''))
    .toSorted();
}

test('a scan of 10,000 keys of radosgw names each of them once, with its size', async () => {
  const manifest = path.join(place.folder, 'manifest.jsonl');
  const scan = await bucketfill('scan', '-o', manifest);
  expect([scan.code, scan.summary?.listed], scan.stderr).toEqual([0, TOTAL]);
  const lines = (await readFile(manifest, 'utf8')).trimEnd().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as { key: string; size: number });
  expect(entries.map(({ key }) => key).toSorted()).toEqual(ALL);
  expect(entries.filter(({ key, size }) => size !== bytesOf(key).length)).toEqual([]);
});

test('a sync of them copies each once, and the next asks for none', async () => {
  const first = await bucketfill('sync');
  expect(first.summary, first.stderr).toMatchObject({ copied: TOTAL, failed: 0, exitCode: 0 });
  expect(told(first, 'copied')).toEqual(ALL);
  const second = await bucketfill('sync');
  expect(second.summary).toMatchObject({ copied: 0, skipped: TOTAL, exitCode: 0 });
  expect(told(second, 'skipped')).toEqual(ALL);
  expect(second.summary?.originRequests).toBeLessThan(TOTAL / 20);

  const verified = await bucketfill('verify', '--level', 'size');
  expect(verified.summary).toMatchObject({ listed: TOTAL, exitCode: 0 });
  expect(told(verified, 'equal')).toEqual(ALL);
  expect(verified.summary?.verify?.digest).toBe(await sampleDigest(store, 'size', target));
});
