import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { multipartRules, STORE_ENV } from '../support/store-rules.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

const BIN = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));
const PART = 5 * 1024 ** 2;
/** Seven marks, and as many times that the state grows. */
const BODY = Buffer.alloc(7 * PART + 777);
for (let at = 0; at + 4 <= BODY.length; at += 4) BODY.writeUInt32LE(at, at);
const HEADERS = { ETag: '"v1"' };

let site: FaultOrigin;
let store: S3Double;
let place: Workplace;

beforeEach(async () => {
  [site, store] = await Promise.all([faultOrigin(), startS3Double()]);
  // By then the state holds the job itself, so that only marks are written to it.
  site.script('/k', { body: BODY, headers: HEADERS, delayMs: 1000 });
  place = await workplace(multipartRules(store, `${site.url}/`));
  await place.list(['k']);
});
afterEach(async () => {
  await Promise.all([site.close(), store.close(), place.remove()]);
});

/** Parts of the one upload that is open, in the store. */
function partsThere(): number {
  const [upload] = store.bucket('bucket').uploads.values();
  return upload?.parts.size ?? 0;
}

/** Some parts are in the store, the last of them not written down, and nothing can be seen. */
function expectStoppedAtMark(code: number | null, stderr: string): void {
  expect(code).toBe(8);
  expect(stderr).toContain('the job resumes where it stands');
  expect(store.bucket('bucket').objects.size).toBe(0);
  expect(store.bucket('bucket').uploads.size).toBe(1);
  expect(partsThere()).toBeGreaterThan(1);
  expect(partsThere()).toBeLessThanOrEqual(7);
}

/** There is room again. All but one of the parts that are there were marked. */
async function expectNextRunGoesOn(args: readonly string[] = []): Promise<void> {
  const from = (partsThere() - 1) * PART;
  const range = `bytes ${from}-${BODY.length - 1}/${BODY.length}`;
  const headers = { ...HEADERS, 'Content-Range': range };
  site.script('/k', { status: 206, body: BODY.subarray(from), headers });
  const next = await place.migrate(args, { env: STORE_ENV });
  expect(next.code).toBe(0);
  expect(next.summary).toMatchObject({ resumed: true, listed: 1, copied: 1 });
  // At last it is asked by HEAD whether all parts are still of one version.
  const bodies = site.requestsFor('/k').filter(({ method }) => method === 'GET');
  expect(bodies.at(-1)?.headers['range']).toBe(`bytes=${from}-`);
  expect(store.asked('CreateMultipartUpload')).toHaveLength(1);
  const { objects, uploads } = store.bucket('bucket');
  expect(objects.get('k')?.bytes.equals(BODY)).toBe(true);
  expect(uploads.size).toBe(0);
}

describe('a state that takes no more while the mark of an upload is written down', () => {
  // 512-byte blocks that no file may grow beyond, for this shell and what it starts. SQLite takes
  // that for an error of the disk, as it would an EIO.
  test.each([88, 120])('by a write that fails, at %i blocks: exit 8, resumable', async (blocks) => {
    const command = `ulimit -f ${blocks}; exec "$0" "$@"`;
    const args = [BIN, 'migrate', place.rules, '--keys', place.keys];
    const child = spawn('sh', ['-c', command, process.execPath, ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...STORE_ENV },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await once(child, 'close');
    expect(stderr).toContain('SQLITE_IOERR_WRITE');
    expectStoppedAtMark(child.exitCode, stderr);
    await expectNextRunGoesOn();
  });

  test.skipIf(!canMount())('by a disk that is full: exit 8, resumable', async () => {
    const state = path.join(place.folder, 'small-disk');
    mkdirSync(state);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', state]);
    const filler = path.join(state, 'filler');
    const watch = setInterval(() => {
      if (partsThere() < 2) return;
      clearInterval(watch);
      fill(filler);
    }, 1);
    try {
      const run = await place.migrate(['--state', state], { env: STORE_ENV });
      expect(run.stderr).toContain('no space left');
      expectStoppedAtMark(run.code, run.stderr);
      rmSync(filler);
      await expectNextRunGoesOn(['--state', state]);
    } finally {
      clearInterval(watch);
      execFileSync('umount', [state]);
    }
  });
});

/** Takes all the room that there is on a small disk. */
function fill(file: string): void {
  for (const bytes of [65_536, 4096, 512]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
    } catch {
      // Smaller pieces may still fit.
    }
  }
}

/** Whether this user may mount; elsewhere what needs a disk of its own is left out. */
function canMount(): boolean {
  try {
    const namespace = ['--mount', 'sh', '-c', 'mount -t tmpfs none /mnt'];
    execFileSync('unshare', namespace, { stdio: 'ignore' });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}
