import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJob, type Job, type OpenJobOptions } from '../../src/checkpoint/job-folder.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';

describe('opening a job', () => {
  let stateDir: string;
  let place: string;
  let jobs: Job[];
  let children: ChildProcess[];
  let clock: FakeClock;

  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'bucketfill-job-'));
    stateDir = join(place, '.bucketfill');
    [jobs, children] = [[], []];
    clock = fakeClock({ startMs: Date.UTC(2026, 10, 20, 4, 5, 6, 7) });
  });
  afterEach(async () => {
    await Promise.allSettled(jobs.map(async (job) => job.release()));
    for (const child of children) child.kill('SIGKILL');
    await rm(place, { recursive: true, force: true });
  });

  async function take(change: Partial<OpenJobOptions> = {}): Promise<Job> {
    const job = await openJob({
      stateDir,
      job: 'media',
      wait: false,
      newJob: false,
      results: 'all',
      holder: { pid: 4711, host: 'here', command: 'migrate' },
      clock,
      signal: new AbortController().signal,
      ...change,
    });
    jobs.push(job);
    return job;
  }

  async function holdElsewhere(): Promise<ChildProcess> {
    const script = new URL('hold-job.js', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, stateDir, 'media'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    return child;
  }

  it('makes a folder with a checkpoint that outlives the release', async () => {
    const first = await take();
    await first.checkpoint.begin({ a: 'b' });
    await first.release();
    const second = await take();
    expect(second.directory).toBe(first.directory);
    expect(await second.checkpoint.load()).toEqual({ fingerprint: { a: 'b' }, finished: false });
    expect(await readFile(join(stateDir, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('keeps a .gitignore that is there', async () => {
    await mkdir(stateDir);
    await writeFile(join(stateDir, '.gitignore'), 'mine\n');
    await take();
    expect(await readFile(join(stateDir, '.gitignore'), 'utf8')).toBe('mine\n');
  });

  it('gives a job to one holder only and names that one to the other', async () => {
    await take();
    const error: unknown = await take().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'job-locked' });
    const message = error instanceof Error ? error.message : '';
    for (const word of ['4711', 'here', 'migrate', '2026-11-20T04:05:06.007Z', '--wait']) {
      expect(message).toContain(word);
    }
    await take({ job: 'another' });
  });

  it('gives the job back when it is released, twice if need be', async () => {
    const job = await take();
    await job.release();
    await job.release();
    expect(await readdir(join(stateDir, 'jobs', 'media'))).not.toContain('lock.json');
    await take();
  });

  it('gives the job back when the checkpoint could not be opened', async () => {
    const job = await take();
    await job.release();
    await writeFile(join(job.directory, 'checkpoint.db'), 'no database');
    await expect(take()).rejects.toMatchObject({ kind: 'state-unusable' });
    await take({ newJob: true });
  });

  it('is locked by another process, until the kernel ends that one by SIGKILL', async () => {
    const child = await holdElsewhere();
    await expect(take()).rejects.toThrow(/job-locked|hold-job/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await take();
  });

  it('waits for the job when asked to, says so once, and goes on when it is free', async () => {
    const child = await holdElsewhere();
    const lines: string[] = [];
    let taken = false;
    const waiting = take({ wait: true, onWaiting: (line) => lines.push(line) }).then(() => {
      taken = true;
    });
    while (clock.sleepers() === 0) await clock.settle();
    await clock.advance(2000);
    expect(taken).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await clock.advance(500);
    await waiting;
    expect(taken).toBe(true);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(String(child.pid));
  });

  it('stops waiting at once when it is aborted', async () => {
    await take();
    const abort = new AbortController();
    const waiting = take({ wait: true, signal: abort.signal });
    while (clock.sleepers() === 0) await clock.settle();
    abort.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
  });

  it('sets the old state aside for a new job and deletes none of it', async () => {
    const old = await take();
    await old.checkpoint.begin({ old: 'yes' });
    await writeFile(join(old.directory, 'spool'), 'kept');
    await old.release();
    const fresh = await take({ newJob: true });
    expect(await fresh.checkpoint.load()).toBeUndefined();
    expect(fresh.setAside).toBe(join(stateDir, 'jobs', 'media.old-2026-11-20T04-05-06-007Z'));
    expect(await readFile(join(fresh.setAside ?? '', 'spool'), 'utf8')).toBe('kept');
    await fresh.release();
    const again = await take({ newJob: true });
    expect(again.setAside).toBe(`${fresh.setAside ?? ''}-2`);
  });

  it('sets nothing aside while another run holds the job', async () => {
    const job = await take();
    await expect(take({ newJob: true })).rejects.toMatchObject({ kind: 'job-locked' });
    await job.checkpoint.begin({});
    expect(await readdir(join(stateDir, 'jobs'))).toEqual(['media']);
  });

  it.each([
    ['a/../b c', /^a_\.\._b_c-[0-9a-f]{8}$/],
    ['.hidden', /^_hidden-[0-9a-f]{8}$/],
    ['käse', /^k_se-[0-9a-f]{8}$/],
    ['rules.migrate.keys', /^rules\.migrate\.keys$/],
  ])('keeps the job %j in a safe folder of its own', async (job, name) => {
    await take({ job });
    const folders = await readdir(join(stateDir, 'jobs'));
    expect(folders).toHaveLength(1);
    expect(folders[0]).toMatch(name);
  });

  it.each(['', '.', '..', 'a\nb', 'x'.repeat(121)])('refuses %j as a name', async (job) => {
    await expect(take({ job })).rejects.toMatchObject({ kind: 'usage' });
    expect(await readdir(place)).toEqual([]);
  });

  it('says so when a file stands where the state directory should be', async () => {
    await writeFile(stateDir, '');
    await expect(take()).rejects.toMatchObject({ kind: 'state-unusable' });
    await expect(take()).rejects.toThrow(`${stateDir} can't be used`);
  });

  it('says so when lock.db is no lock', async () => {
    const job = await take();
    await job.release();
    await writeFile(join(stateDir, 'jobs', 'media', 'lock.db'), 'nonsense '.repeat(200));
    await expect(take()).rejects.toMatchObject({ kind: 'state-unusable' });
  });

  it.skipIf(process.getuid?.() === 0)('says so when the state is read-only', async () => {
    await mkdir(stateDir, { mode: 0o500 });
    await expect(take()).rejects.toMatchObject({ kind: 'state-unusable' });
    await chmod(stateDir, 0o700);
  });
});
