import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJob } from '../../src/checkpoint/read-job.ts';
import { reopenSegment } from '../../src/checkpoint/reopen-segment.ts';
import { openSqliteState } from '../../src/checkpoint/sqlite-state.ts';
import { ENTRY_FAILED, ENTRY_OPEN } from '../../src/model/checkpoint.ts';
import { entryState } from '../../src/run/segment-tracker.ts';
import { batch, openSegment, segment } from '../contract/checkpoint-contract.ts';
import {
  failedEntriesContract,
  failedSegment,
  reopenedSegment,
} from '../contract/failed-entries-contract.ts';

const openIn = async (directory: string) =>
  openSqliteState({ file: join(directory, 'checkpoint.db'), results: 'none', now: () => 0 });

failedEntriesContract('SQLite', openIn);

describe('a segment that is reopened', () => {
  it('has its failed entries open and every other entry as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (outcomes) => {
        const entries = outcomes.length * 4;
        const before = segment(0, { entries, outcomes, failed: 1, copied: 0 });
        const after = reopenSegment(before);
        for (let entry = 0; entry < entries; entry += 1) {
          const was = entryState(outcomes, entry);
          const expected = was === ENTRY_FAILED ? ENTRY_OPEN : was;
          expect(entryState(after.outcomes, entry)).toBe(expected);
        }
        expect(after).toMatchObject({ failed: 0, failures: [], closed: false, copied: 0 });
      }),
    );
  });

  it('stays as it is where nothing failed', () => {
    expect(reopenSegment(segment(3))).toEqual(segment(3));
  });
});

describe('a job that was reopened', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bucketfill-reopen-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  async function reopened() {
    const state = await openIn(directory);
    await state.checkpoint.begin({});
    await state.checkpoint.commit({ ...batch([failedSegment(0), segment(1)]), finished: true });
    expect(await state.failed.isReopened()).toBe(false);
    await state.failed.reopen();
    return state;
  }

  it('says so until its entries are settled', async () => {
    const { checkpoint, failed } = await reopened();
    expect(await failed.isReopened()).toBe(true);
    expect(readJob(directory)).toMatchObject({ reopened: true, finished: false });
    await checkpoint.commit(batch([segment(0)]));
    expect(await failed.isReopened()).toBe(true);
    await checkpoint.commit({ ...batch([]), finished: true });
    expect(await failed.isReopened()).toBe(false);
    expect(readJob(directory)).toMatchObject({ reopened: false, finished: true });
    await checkpoint.close();
  });

  it('is an ordinary unfinished one when more of its list was begun, or all of it anew', async () => {
    const { checkpoint, failed } = await reopened();
    await checkpoint.commit(batch([openSegment(2)]));
    expect(await failed.isReopened()).toBe(false);
    await checkpoint.commit({ ...batch([segment(0), failedSegment(2)]), finished: true });
    await failed.reopen();
    await checkpoint.begin({});
    expect(await failed.isReopened()).toBe(false);
    await checkpoint.close();
  });

  it('is on disk from the moment at which reopen resolves, with all of its sums', async () => {
    const { checkpoint } = await reopened();
    const copy = join(directory, 'copy');
    await mkdir(copy);
    for (const end of ['', '-wal']) {
      await copyFile(join(directory, `checkpoint.db${end}`), join(copy, `checkpoint.db${end}`));
    }
    await checkpoint.close();
    const resumed = await openIn(copy);
    expect(await resumed.checkpoint.openSegments()).toEqual([reopenedSegment(0)]);
    expect(await resumed.failed.isReopened()).toBe(true);
    await resumed.checkpoint.close();
  });
});
