import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Job, openJob } from '../../../src/checkpoint/job-folder.ts';
import type { StoredResult } from '../../../src/model/checkpoint.ts';
import type { EventKey, ObjectOutcome, SummaryEvent } from '../../../src/model/event.ts';
import { openSegment, SegmentTracker } from '../../../src/run/segment-tracker.ts';
import { fakeClock } from '../../support/fake-clock.ts';

export type Told = EventKey & ObjectOutcome;

/** 2026-11-20 04:00:00 UTC. */
export const START_MS = Date.UTC(2026, 10, 20, 4);

/** An outcome as it is read from the state. */
export function stored(told: Told, timeMs = START_MS): StoredResult {
  return { time: new Date(timeMs).toISOString(), segment: 0, index: 0, ...told };
}

export function copied(key: string, change: Partial<Told & { outcome: 'copied' }> = {}): Told {
  return {
    key,
    outcome: 'copied',
    rule: 'all',
    bytes: 1000,
    origin: 'https://o1.example/',
    attempts: 1,
    etag: '"e"',
    lengthVerified: true,
    elapsedMs: 20,
    ...change,
  };
}

export function failed(key: string, change: Partial<Told & { outcome: 'failed' }> = {}): Told {
  return {
    key,
    outcome: 'failed',
    rule: 'all',
    code: 'ORIGIN_STATUS',
    status: 503,
    origin: 'https://o2.example/',
    message: 'GET https://o2.example/k: answered 503, expected 200',
    attempts: 3,
    requestId: '4f2c-FRA',
    elapsedMs: 900,
    ...change,
  };
}

export function skipped(key: string): Told {
  return { key, outcome: 'skipped', rule: 'all', reason: 'exists' };
}

export function summaryOf(change: Partial<SummaryEvent>): SummaryEvent {
  return {
    event: 'summary',
    command: 'migrate',
    ...{ listed: 0, copied: 0, skipped: 0, failed: 0, deleted: 0, listingErrors: 0, bytes: 0 },
    ...{ originRequests: 12, bucketRequests: 9, resumed: false, elapsedMs: 60_000, exitCode: 0 },
    carried: { listed: 0, copied: 0, skipped: 0, failed: 0 },
    ...change,
  };
}

/** A job in a state directory of its own, whose outcomes a test tells. */
export class MadeJob {
  readonly #job: Job;
  readonly #clock: ReturnType<typeof fakeClock>;
  #segments = 0;

  private constructor(job: Job, clock: ReturnType<typeof fakeClock>) {
    this.#job = job;
    this.#clock = clock;
  }

  static async begin(stateDir: string, job: string): Promise<MadeJob> {
    const clock = fakeClock({ startMs: START_MS });
    const opened = await openJob({
      ...{ stateDir, job, wait: false, newJob: false, results: 'all', clock },
      holder: { pid: 1, host: 'h', command: 'migrate' },
      signal: new AbortController().signal,
    });
    await opened.checkpoint.begin({ bucket: 'b' });
    return new MadeJob(opened, clock);
  }

  get directory(): string {
    return this.#job.directory;
  }

  /** A segment of these entries, each told `afterMs` after what was told before. */
  async tell(told: readonly Told[], { afterMs = 1000, open = 0 } = {}): Promise<void> {
    await this.#clock.advance(afterMs);
    const id = this.#segments;
    this.#segments += 1;
    const span = { id, start: id, end: id + 1, prefixCrc: 0, entries: told.length + open };
    await this.#commit(new SegmentTracker(openSegment(span)), told);
  }

  /** As a retry does: the entries of a segment once more, in their order. */
  async tellAgain(
    id: number,
    told: readonly (readonly [index: number, Told])[],
    outcomes: readonly Told[],
    afterMs = 1000,
  ): Promise<void> {
    await this.#clock.advance(afterMs);
    const span = { id, start: id, end: id + 1, prefixCrc: 0, entries: outcomes.length };
    const tracker = new SegmentTracker(openSegment(span));
    for (const [index, outcome] of outcomes.entries()) tracker.settle(index, outcome);
    const results = told.map(([index, outcome]) => ({ segment: id, index, ...outcome }));
    const segments = [tracker.record()];
    await this.#job.checkpoint.commit({ segments, results, finished: false });
  }

  /** A further pass over the job, which has to be finished. */
  async beginAgain(): Promise<void> {
    this.#segments = 0;
    await this.#job.checkpoint.begin({ bucket: 'b' });
  }

  async finish(): Promise<void> {
    await this.#job.checkpoint.commit({ segments: [], results: [], finished: true });
  }

  release(): Promise<void> {
    return this.#job.release();
  }

  async #commit(tracker: SegmentTracker, told: readonly Told[]): Promise<void> {
    for (const [index, outcome] of told.entries()) tracker.settle(index, outcome);
    const results = told.map((outcome, index) => ({ segment: tracker.id, index, ...outcome }));
    const segments = [tracker.record()];
    await this.#job.checkpoint.commit({ segments, results, finished: false });
  }
}

/** A folder that is removed when the test file is done with it. */
export async function tempFolder(): Promise<{
  readonly path: string;
  remove: () => Promise<void>;
}> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-report-'));
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
