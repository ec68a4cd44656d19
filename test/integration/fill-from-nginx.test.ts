import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { type NginxOrigin, startNginxOrigin } from './nginx-origin.ts';
import { radosgw, type RealStore } from './s3-server.ts';

const run = promisify(execFile);
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

let nginx: NginxOrigin;
let store: RealStore;

beforeAll(async () => {
  [nginx, store] = await Promise.all([startNginxOrigin(), radosgw()]);
}, 300_000);
afterAll(async () => {
  await nginx.stop();
});

/** Everything that a scene differs in. */
interface Scene {
  readonly name: string;
  /** The `bucket` and `origins` of the rules file. */
  readonly bucket: string;
  readonly origins: string;
  readonly env: Readonly<Record<string, string>>;
}

const fromNginx = (): string => `
      masters: ["${nginx.dead}", "${nginx.flaky}"]
      slaves: ["${nginx.healthy}"]`;

/** Fills the bucket in two runs, the first of which is killed half-way; gives their event files. */
async function fillInTwoRuns(scene: Scene): Promise<readonly string[]> {
  const folder = path.join(nginx.folder, scene.name);
  await mkdir(folder);
  const rules = path.join(folder, 'rules.yaml');
  await writeFile(
    rules,
    `version: 1
allowPrivate: true
bucket: ${scene.bucket}
rules:
  - id: site
    origins:${scene.origins}
      retries: { perAddress: 2, base: 20ms }
`,
  );
  const args = ['migrate', rules, '--keys', nginx.keys, '--json', '--ui', 'none'];
  const killed = await runCli(args, { env: scene.env, onStart: killHalfWay });
  expect(killed.code).toBeNull();
  const resumed = await runCli(args, { env: scene.env });
  expectResumed(resumed);
  const files = [path.join(folder, 'run1.jsonl'), path.join(folder, 'run2.jsonl')];
  await writeFile(files[0] ?? '', killed.stdout);
  await writeFile(files[1] ?? '', resumed.stdout);
  return files;
}

function killHalfWay({
  kill,
  stdout,
}: {
  kill: (signal: NodeJS.Signals) => void;
  stdout: () => string;
}): void {
  const timer = setInterval(() => {
    const copied = stdout().split('"outcome":"copied"').length - 1;
    if (copied < nginx.total / 2) return;
    clearInterval(timer);
    kill('SIGKILL');
  }, 10);
}

function expectResumed(resumed: CliResult): void {
  expect(resumed.stderr).toBe('');
  expect(resumed.code).toBe(0);
  expect(resumed.summary).toMatchObject({ resumed: true, failed: 0 });
  expect(resumed.summary?.carried.listed).toBeGreaterThan(0);
  // What the kill made us look at again is what was in flight, or not yet noted.
  const again = resumed.objects.filter((event) => event.outcome === 'skipped').length;
  expect(again).toBeLessThan(nginx.total / 4);
}

const allRight = (): string =>
  `${String(nginx.total)} published, ${String(nginx.total)} stored, 0 wrong`;

async function checkStore(bucket: string, events: readonly string[]): Promise<string> {
  const { stdout } = await run(
    // Debian's, which boto3 is installed for.
    '/usr/bin/python3',
    [
      script('read_s3.py'),
      'check',
      ...['--endpoint', store.endpoint, '--bucket', bucket],
      ...[nginx.published, ...events],
    ],
    {
      env: {
        PATH: process.env['PATH'] ?? '',
        AWS_ACCESS_KEY_ID: store.accessKeyId,
        AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
      },
    },
  );
  return stdout.trim();
}

describe('real files: dead master, flaky master, slave, SIGKILL half-way, resume', () => {
  test('into a directory', async () => {
    const scene = { name: 'directory', bucket: '{ url: "file:./bucket" }', env: {} };
    const events = await fillInTwoRuns({ ...scene, origins: fromNginx() });
    const { stdout } = await run('/usr/bin/python3', [
      script('check_bucket.py'),
      nginx.published,
      path.join(nginx.folder, 'directory', 'bucket'),
      ...events,
    ]);
    expect(stdout.trim()).toBe(allRight());
    expect(nginx.total).toBeGreaterThan(2000);
    expect(await nginx.accessLog()).toContain('" 503 ');
  });

  test('into radosgw, and from there, as an S3 origin, into another bucket of it', async () => {
    const [first, second] = [await store.makeBucket(), await store.makeBucket()];
    const env = {
      DEST_ACCESS_KEY_ID: store.accessKeyId,
      DEST_SECRET_ACCESS_KEY: store.secretAccessKey,
    };
    const at = (bucket: string): string =>
      `{ url: "s3://${bucket}/", endpoint: "${store.endpoint}", credentials: { env: DEST } }`;
    const filled = await fillInTwoRuns({
      name: 'radosgw',
      bucket: at(first),
      origins: fromNginx(),
      env,
    });
    expect(await checkStore(first, filled)).toBe(allRight());

    const copied = await fillInTwoRuns({
      name: 's3-origin',
      bucket: at(second),
      origins: `\n      masters: ["${nginx.dead}"]\n      slaves: [${at(first)}]`,
      env,
    });
    expect(await checkStore(second, copied)).toBe(allRight());
  });
});
