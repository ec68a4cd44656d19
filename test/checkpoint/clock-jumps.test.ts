import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJob, type Job } from '../../src/checkpoint/job-folder.ts';
import type { EntryResult } from '../../src/model/checkpoint.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { batch, openSegment, segment } from '../contract/checkpoint-contract.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import { allResults } from './all-results.ts';

const DAY_MS = 86_400_000;

describe.each([
  ['forward', 400 * DAY_MS],
  ['back', -400 * DAY_MS],
])('a wall clock that is set %s by days', (_, jumpMs) => {
  let stateDir: string;
  let clock: FakeClock;
  let jobs: Job[];
  let jumpedMs: number;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'bucketfill-clock-'));
    clock = fakeClock();
    jobs = [];
    jumpedMs = 0;
  });
  afterEach(async () => {
    await Promise.allSettled(jobs.map(async (job) => job.release()));
    await rm(stateDir, { recursive: true, force: true });
  });

  async function take(change: { wait?: boolean; newJob?: boolean } = {}): Promise<Job> {
    const job = await openJob({
      ...{ stateDir, job: 'media', wait: false, newJob: false, results: 'all', ...change },
      holder: { pid: 1, host: 'here', command: 'migrate' },
      clock: { ...clock, now: () => clock.now() + jumpedMs },
      signal: new AbortController().signal,
    });
    jobs.push(job);
    return job;
  }

  const result = (index: number): EntryResult => ({
    ...{ segment: 0, index, key: objectKey(String(index)) },
    ...{ outcome: 'skipped', rule: 'r', reason: 'exists' },
  });

  it('leaves the job locked, and known to whoever finds it so', async () => {
    await take();
    jumpedMs = jumpMs;
    await expect(take()).rejects.toMatchObject({ kind: 'job-locked' });
    const note = await readFile(join(stateDir, 'jobs', 'media', 'lock.json'), 'utf8');
    expect(note).toContain(new Date(clock.now()).toISOString());
  });

  it('leaves a waiting run looking as often as before', async () => {
    const script = new URL('hold-job.js', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, stateDir, 'media'], { stdio: 'pipe' });
    await once(child.stdout, 'data');
    const waiting = take({ wait: true });
    while (clock.sleepers() === 0) await clock.settle();
    jumpedMs = jumpMs;
    child.kill('SIGKILL');
    await once(child, 'exit');
    await clock.advance(500);
    await waiting;
    expect(new Set(clock.sleeps)).toEqual(new Set([500]));
  });

  it('changes nothing in what the job resumes with, and keeps results in their order', async () => {
    const first = await take();
    await first.checkpoint.begin({ a: 'b' });
    await first.checkpoint.commit({ ...batch([openSegment(0)]), results: [result(0)] });
    jumpedMs = jumpMs;
    await first.checkpoint.commit({ ...batch([segment(1)]), results: [result(1)] });
    await first.release();
    const second = await take();
    expect(await second.checkpoint.load()).toEqual({ fingerprint: { a: 'b' }, finished: false });
    expect(await second.checkpoint.openSegments()).toEqual([openSegment(0)]);
    const kept = await allResults(second.directory);
    expect(kept.map(({ index, time }) => [index, time])).toEqual([
      [0, new Date(clock.now()).toISOString()],
      [1, new Date(clock.now() + jumpMs).toISOString()],
    ]);
  });

  it('leaves every state that was set aside where it is', async () => {
    const aside = new Set<string | undefined>();
    for (const jump of [0, jumpMs, 0, 0]) {
      jumpedMs = jump;
      const job = await take({ newJob: true });
      await job.checkpoint.begin({});
      await job.release();
      aside.add(job.setAside);
    }
    expect(aside.size).toBe(4);
  });
});
