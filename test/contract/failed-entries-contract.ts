import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint, SegmentRecord } from '../../src/model/checkpoint.ts';
import type { FailedEntries } from '../../src/model/failed-entries.ts';
import { batch, openSegment, segment } from './checkpoint-contract.ts';

/** A job's failed entries, and the checkpoint that they are of. */
export interface OpenedEntries {
  readonly checkpoint: Checkpoint;
  readonly failed: FailedEntries;
}

/** The second of four entries skipped, the third failed, the others copied. */
export function failedSegment(id: number): SegmentRecord {
  const failures = openSegment(id).failures;
  const counts = { copied: 2, skipped: 1, failed: 1 };
  return segment(id, { outcomes: Uint8Array.of(0b01_11_10_01), failures, ...counts });
}

/** What is left of {@link failedSegment} when its failed entry is open again. */
export function reopenedSegment(id: number): SegmentRecord {
  const outcomes = Uint8Array.of(0b01_00_10_01);
  return { ...failedSegment(id), outcomes, failures: [], closed: false, failed: 0 };
}

const ALL_FAILED = segment(1, { outcomes: Uint8Array.of(0xff), copied: 0, failed: 4 });

/** What every FailedEntries does, whatever it is made of. `open` may be given a directory twice. */
export function failedEntriesContract(
  name: string,
  open: (directory: string) => Promise<OpenedEntries>,
): void {
  describe(`the failed entries of a job (${name})`, () => {
    let directory: string;
    let opened: OpenedEntries[];
    const openHere = async (): Promise<OpenedEntries> => {
      const one = await open(directory);
      opened.push(one);
      return one;
    };
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'bucketfill-failed-'));
      opened = [];
    });
    afterEach(async () => {
      for (const { checkpoint } of opened) await checkpoint.close();
      await rm(directory, { recursive: true, force: true });
    });

    async function jobOf(...segments: readonly SegmentRecord[]): Promise<OpenedEntries> {
      const job = await openHere();
      await job.checkpoint.begin({ rule: 'x' });
      await job.checkpoint.commit({ ...batch(segments), finished: true });
      return job;
    }

    it('are given out by their segments, in order, until there are no more', async () => {
      const many = Array.from({ length: 700 }, (_, id) =>
        id % 2 === 0 ? failedSegment(id) : segment(id),
      );
      const { failed } = await jobOf(...many);
      const found: SegmentRecord[] = [];
      for (let after = -1; ;) {
        const some = await failed.segments(after);
        if (some.length === 0) break;
        expect(some.length).toBeLessThan(many.length / 2);
        found.push(...some);
        after = some.at(-1)?.id ?? after;
      }
      expect(found).toEqual(many.filter((_, id) => id % 2 === 0));
      expect(await failed.segments(698)).toEqual([]);
    });

    it('are open when they were reopened, the others as they were, the job unfinished', async () => {
      const { checkpoint, failed } = await jobOf(failedSegment(0), ALL_FAILED, segment(2));
      expect(await failed.reopen()).toBe(5);
      const allOpen = segment(1, { outcomes: Uint8Array.of(0), closed: false, copied: 0 });
      expect(await checkpoint.openSegments()).toEqual([reopenedSegment(0), allOpen]);
      expect(await checkpoint.load()).toEqual({ fingerprint: { rule: 'x' }, finished: false });
      expect(await checkpoint.totals()).toEqual({
        segments: 3,
        position: { end: 300, prefixCrc: 0xff_ff_00_02 },
        ...{ copied: 6, skipped: 1, failed: 0 },
      });
      expect(await failed.segments(-1)).toEqual([]);
    });

    it('stay open when the state is closed and opened again, and can be settled', async () => {
      const first = await jobOf(failedSegment(0));
      await first.failed.reopen();
      await first.checkpoint.close();
      const { checkpoint, failed } = await openHere();
      expect(await checkpoint.openSegments()).toEqual([reopenedSegment(0)]);
      await checkpoint.commit({ ...batch([failedSegment(0)]), finished: true });
      expect(await checkpoint.totals()).toMatchObject({ copied: 2, skipped: 1, failed: 1 });
      expect(await failed.reopen()).toBe(1);
    });

    it('of a finished job that has none are none, and it stays finished', async () => {
      const { checkpoint, failed } = await jobOf(segment(0));
      expect(await failed.reopen()).toBe(0);
      expect(await checkpoint.load()).toMatchObject({ finished: true });
    });

    it('of a job that is not finished can not be reopened, which is a bug', async () => {
      const { checkpoint, failed } = await openHere();
      await expect(failed.reopen()).rejects.toThrow('not finished');
      await checkpoint.begin({});
      await checkpoint.commit(batch([failedSegment(0), openSegment(1)]));
      await expect(failed.reopen()).rejects.toThrow('not finished');
      expect(await checkpoint.openSegments()).toEqual([openSegment(1)]);
      expect(await failed.segments(-1)).toEqual([failedSegment(0), openSegment(1)]);
    });
  });
}
