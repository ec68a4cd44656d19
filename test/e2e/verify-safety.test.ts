import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { processSurroundings } from '../../src/cli/surroundings.ts';
import { VERIFY_LEVELS } from '../../src/model/event.ts';
import { runCli } from '../support/run-cli.ts';
import { dated, totalsOf, type VerifyStage, verifyStage } from '../verify/verify-stage.ts';

const SCRIPT = fileURLToPath(new URL('../../samples/completeness-digest.py', import.meta.url));
const run = promisify(execFile);

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function stage(
  bucket: 'directory' | 's3' = 'directory',
  keys: readonly string[] = ['a', 'b', 'c'],
): Promise<VerifyStage> {
  const objects = Object.fromEntries(keys.map((key) => [key, dated(`body of ${key}`)]));
  const made = await verifyStage(bucket, objects);
  closing.push(made.close);
  return made;
}

/** Every file below a folder with the SHA-256 of its bytes. */
async function contents(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const bytes = await readFile(file);
    found[path.relative(folder, file)] = createHash('sha256').update(bytes).digest('hex');
  }
  return found;
}

/** Runs with a temporary folder of its own; gives what is left in it. */
async function leftIn(work: () => Promise<void>): Promise<readonly string[]> {
  const temp = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-test-'));
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = temp;
  try {
    await work();
    return await readdir(temp);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await rm(temp, { recursive: true, force: true });
  }
}

describe('nothing is changed', () => {
  it('in a directory bucket, in the state, or anywhere beside them', async () => {
    const at = await stage();
    await at.spoil('b', Buffer.from('body of B'));
    await writeFile(path.join(at.place.bucket, 'extra'), 'by hand');
    const before = await contents(at.place.folder);
    const left = await leftIn(async () => {
      for (const level of VERIFY_LEVELS) {
        expect((await at.verify(['--level', level])).code).toBe(4);
        expect((await at.verify(['--level', level, '--keys', '-'], { stdin: 'a\n' })).code).toBe(0);
      }
    });
    expect(left).toEqual([]);
    expect(await contents(at.place.folder)).toEqual(before);
  });

  it('in an S3 bucket: it is only read', async () => {
    const at = await stage('s3');
    at.store?.forget();
    for (const level of VERIFY_LEVELS) expect((await at.verify(['--level', level])).code).toBe(0);
    const asked = new Set(at.store?.requests.map(({ operation }) => operation));
    const reading = ['HeadBucket', 'ListObjectsV2', 'HeadObject', 'GetObject'];
    expect([...asked].filter((operation) => !reading.includes(String(operation)))).toEqual([]);
  });

  it('where the bucket is not there at all: all is missing, and it still is not there', async () => {
    const at = await stage();
    await rm(at.place.bucket, { recursive: true });
    const result = await at.verify();
    expect([result.code, totalsOf(result).missing]).toEqual([4, 3]);
    await expect(readdir(at.place.bucket)).rejects.toThrow('ENOENT');
  });

  it('while a run holds the lock of its job: it waits for none', async () => {
    const at = await stage();
    const state = path.join(at.place.folder, '.bucketfill');
    const jobs = await readdir(state);
    await mkdir(path.join(state, 'jobs-of-others'));
    expect((await at.verify()).code).toBe(0);
    expect(await readdir(state)).toEqual([...jobs, 'jobs-of-others'].toSorted());
  });
});

describe('told to stop', () => {
  it('it ends what is in flight, sums up, says that nothing is kept, and exits with 130', async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `k${index}`);
    const at = await stage('directory', keys);
    let interrupt: ((signal: 'SIGINT' | 'SIGTERM') => void) | undefined;
    const told = { stdout: '', stderr: '' };
    const gather = (name: 'stdout' | 'stderr'): Writable =>
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          told[name] += chunk.toString();
          // The origin's listing is told before anything else: the stop comes when keys are compared.
          if (timer === undefined && told.stdout.includes('"start"')) stopAtFirstKey();
          done();
        },
      });
    let timer: ReturnType<typeof setInterval> | undefined;
    const stopAtFirstKey = (): void => {
      timer = setInterval(() => {
        if (at.site.requestsFor('/k0').length < 2) return;
        clearInterval(timer);
        interrupt?.('SIGINT');
      }, 1);
    };
    const left = await leftIn(async () => {
      const args = ['verify', at.place.rules, '--json', '--level', 'full', '--concurrency', '1'];
      const code = await main(args, {
        ...processSurroundings(),
        exitNow: (status) => {
          throw new Error(`would have ended the process at once, with ${String(status)}`);
        },
        stdin: Readable.from([]),
        stdout: gather('stdout'),
        stderr: gather('stderr'),
        onSignal: (listener) => {
          interrupt = listener;
          return () => undefined;
        },
      });
      expect(code).toBe(130);
    });
    expect(left).toEqual([]);
    const summary = told.stdout.split('\n').find((line) => line.includes('"summary"')) ?? '';
    const { listed, exitCode } = JSON.parse(summary) as { listed: number; exitCode: number };
    expect(exitCode).toBe(130);
    expect(listed).toBeGreaterThan(0);
    expect(listed).toBeLessThan(50);
    expect(told.stderr).toContain('verify keeps no state: the next run begins anew');
  });
});

describe('for people', () => {
  it('it is silent with --quiet where all is well, and tells what is wrong where not', async () => {
    const at = await stage();
    const quiet = () => runCli(['verify', at.place.rules, '--quiet']);
    expect(await quiet()).toMatchObject({ code: 0, stdout: '', stderr: '' });
    await at.remove('b');
    const wrong = await quiet();
    expect(wrong.stderr).toMatch(
      /^missing: b\n(?:scan: .*\n)?verify: 3 keys at level etag: 2 equal/,
    );
    expect(wrong.stderr).not.toContain('not finished');
    expect(wrong.stdout).toBe('');
  });

  it('it shows a hundred keys that are wrong and counts the others', async () => {
    const at = await stage();
    const keys = Array.from({ length: 150 }, (_, index) => `none${index}`);
    await at.place.list(keys);
    const result = await runCli(['verify', at.place.rules, '--keys', at.place.keys]);
    expect(result.stderr.match(/^missing: /gm)).toHaveLength(100);
    expect(result.stderr).toContain('... 50 more keys are not equal; use --json\n');
  });

  it('it tells the digest', async () => {
    const at = await stage();
    const result = await runCli(['verify', at.place.rules]);
    expect(result.stderr).toMatch(/^verify: digest of what is equal: bf1:etag:3:[0-9a-f]{64}$/m);
  });
});

describe('the digest', () => {
  it.each(VERIFY_LEVELS)(
    'at level %s is what a script without this code makes of the bucket',
    async (level) => {
      const at = await stage('directory', ['a', 'dir/b', 'dir/sub/c-d', 'x%2F%2Fy', 'café 😀']);
      const result = await at.verify(['--keys', at.place.keys, '--level', level]);
      expect(result.code, result.stderr).toBe(0);
      const { stdout } = await run('python3', [SCRIPT, level, at.place.bucket]);
      expect(stdout.trim()).toBe(totalsOf(result).digest);
    },
  );

  it('of keys that are no paths is the same as well', async () => {
    const at = await stage();
    const keys = ['a', 'b', 'c', 'a//b', 'trailing/', 'n'.repeat(300), '\u{1f600}', 'x/./y'];
    const rules = await readFile(at.place.rules, 'utf8');
    await at.place.list(keys);
    await at.place.writeRules(
      rules.replace('- id: all', '- id: all\n    key: { dotSegments: send }'),
    );
    for (const key of keys.slice(3)) at.give(key, dated(`body of ${key}`));
    expect((await at.place.migrate(['--new-job'])).stderr).toContain('5 copied');
    const result = await at.verify(['--keys', at.place.keys, '--level', 'full']);
    expect(result.code, result.stderr).toBe(0);
    const { stdout } = await run('python3', [SCRIPT, 'full', at.place.bucket]);
    expect(stdout.trim()).toBe(totalsOf(result).digest);
  });

  it('is of the equal keys alone', async () => {
    const at = await stage();
    await at.spoil('b', Buffer.from('body of B'));
    const whole = totalsOf(await at.verify(['--level', 'full']));
    await rm(path.join(at.place.bucket, 'b'));
    const { stdout } = await run('python3', [SCRIPT, 'full', at.place.bucket]);
    expect(stdout.trim()).toBe(whole.digest);
  });
});
