import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint, CheckpointBatch, SegmentRecord } from '../../src/model/checkpoint.ts';

/** An adapter under test. */
export interface CheckpointAdapter {
  readonly name: string;
  /** Opens the checkpoint that `directory` holds, or a new one. */
  open(directory: string): Promise<Checkpoint>;
  /**
   * A script for Node: called with a directory, it begins a job there and commits segments 0, 1, …
   * one by one until it is killed, writing each id and a newline when that commit resolved.
   */
  readonly writerScript: string;
}

/** A segment of four entries, closed unless told otherwise. */
export function segment(id: number, change: Partial<SegmentRecord> = {}): SegmentRecord {
  return {
    id,
    start: id * 100,
    end: id * 100 + 100,
    prefixCrc: 0xff_ff_00_00 + id,
    entries: 4,
    outcomes: Uint8Array.of(0b01_01_01_01),
    failures: [],
    closed: true,
    copied: 4,
    skipped: 0,
    failed: 0,
    ...change,
  };
}

/** Two entries copied, one failed, the last one open. */
export function openSegment(id: number): SegmentRecord {
  return segment(id, {
    outcomes: Uint8Array.of(0b00_11_01_01),
    failures: [
      {
        index: 2,
        code: 'ORIGIN_STATUS',
        status: 500,
        origin: 'http://a/',
        message: 'ünglück',
        attempts: 3,
      },
    ],
    closed: false,
    copied: 2,
    failed: 1,
  });
}

/** A commit of segments alone. */
export function batch(segments: readonly SegmentRecord[]): CheckpointBatch {
  return { segments, results: [], finished: false };
}

function finishing(segments: readonly SegmentRecord[]): CheckpointBatch {
  return { ...batch(segments), finished: true };
}

/** How many times the writer is killed; each time at another moment. */
const KILLS = 6;

/** What every Checkpoint does, whatever it is made of. */
export function checkpointContract(adapter: CheckpointAdapter): void {
  describe(`a checkpoint (${adapter.name})`, () => {
    let directory: string;
    let opened: Checkpoint[];
    const open = async () => {
      const checkpoint = await adapter.open(directory);
      opened.push(checkpoint);
      return checkpoint;
    };

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'bucketfill-checkpoint-'));
      opened = [];
    });
    afterEach(async () => {
      await Promise.allSettled(opened.map(async (checkpoint) => checkpoint.close()));
      await rm(directory, { recursive: true, force: true });
    });

    it('holds no job before one is begun', async () => {
      const checkpoint = await open();
      expect(await checkpoint.load()).toBeUndefined();
      expect(await checkpoint.openSegments()).toEqual([]);
      expect(await checkpoint.totals()).toEqual({
        segments: 0,
        position: { end: 0, prefixCrc: 0 },
        copied: 0,
        skipped: 0,
        failed: 0,
      });
    });

    it('gives back the fingerprint it was begun with, also after it was closed', async () => {
      const fingerprint = { 'bucket.url': 'file:./b', overwrite: 'never' };
      const first = await open();
      await first.begin(fingerprint);
      expect(await first.load()).toEqual({ fingerprint, finished: false });
      await first.close();
      expect(await (await open()).load()).toEqual({ fingerprint, finished: false });
    });

    it('gives back open segments by id, whole, and leaves out the closed ones', async () => {
      const first = await open();
      await first.begin({});
      await first.commit(batch([openSegment(0), segment(1), openSegment(2)]));
      await first.close();
      expect(await (await open()).openSegments()).toEqual([openSegment(0), openSegment(2)]);
    });

    it('keeps positions beyond 4 GiB and CRCs of 32 bits', async () => {
      const checkpoint = await open();
      await checkpoint.begin({});
      const far = { start: 2 ** 33, end: 2 ** 45 + 7, prefixCrc: 0xff_ff_ff_ff };
      await checkpoint.commit(batch([{ ...openSegment(0), ...far }]));
      expect(await checkpoint.openSegments()).toEqual([{ ...openSegment(0), ...far }]);
      expect((await checkpoint.totals()).position).toEqual({
        end: far.end,
        prefixCrc: far.prefixCrc,
      });
    });

    it('adds up what every segment says, and stands where the last one ends', async () => {
      const checkpoint = await open();
      await checkpoint.begin({});
      const skipped = segment(1, { outcomes: Uint8Array.of(0b10_10_10_10), copied: 0, skipped: 4 });
      await checkpoint.commit(batch([segment(0), skipped]));
      await checkpoint.commit(batch([openSegment(2)]));
      expect(await checkpoint.totals()).toEqual({
        segments: 3,
        position: { end: 300, prefixCrc: 0xff_ff_00_02 },
        copied: 6,
        skipped: 4,
        failed: 1,
      });
    });

    it('replaces a segment that is committed again, in its totals too', async () => {
      const checkpoint = await open();
      await checkpoint.begin({});
      await checkpoint.commit(batch([openSegment(0), segment(1)]));
      await checkpoint.commit(batch([segment(0)]));
      expect(await checkpoint.openSegments()).toEqual([]);
      expect(await checkpoint.totals()).toMatchObject({ segments: 2, copied: 8, failed: 0 });
    });

    it('takes what it was given at the time of the call', async () => {
      const checkpoint = await open();
      await checkpoint.begin({});
      const outcomes = Uint8Array.of(0b00_00_00_01);
      const change = { closed: false, copied: 1, outcomes } as const;
      const committed = checkpoint.commit(batch([segment(0, change)]));
      outcomes[0] = 0xff;
      await committed;
      expect((await checkpoint.openSegments())[0]?.outcomes).toEqual(Uint8Array.of(1));
    });

    it('carries calls out in the order in which they are made', async () => {
      const checkpoint = await open();
      await checkpoint.begin({});
      const commits = Array.from({ length: 50 }, async (_, id) =>
        checkpoint.commit(batch([segment(id)])),
      );
      const meanwhile = checkpoint.totals();
      const again = checkpoint.commit(batch([openSegment(7)]));
      await Promise.all(commits);
      expect((await meanwhile).segments).toBe(50);
      await again;
      expect(await checkpoint.openSegments()).toEqual([openSegment(7)]);
      expect(await checkpoint.totals()).toMatchObject({ segments: 50, copied: 198, failed: 1 });
    });

    it('remembers that the job is finished, and that it goes on when its list grew', async () => {
      const checkpoint = await open();
      await checkpoint.begin({});
      await checkpoint.commit(finishing([segment(0)]));
      expect(await checkpoint.load()).toMatchObject({ finished: true });
      await checkpoint.commit(batch([openSegment(1)]));
      expect(await checkpoint.load()).toMatchObject({ finished: false });
      await checkpoint.commit(batch([segment(1)]));
      await checkpoint.commit(finishing([]));
      expect(await checkpoint.load()).toMatchObject({ finished: true });
    });

    it('drops everything when the job is begun afresh', async () => {
      const checkpoint = await open();
      await checkpoint.begin({ a: '1' });
      await checkpoint.commit(finishing([segment(0)]));
      await checkpoint.begin({ a: '2' });
      expect(await checkpoint.load()).toEqual({ fingerprint: { a: '2' }, finished: false });
      expect(await checkpoint.totals()).toMatchObject({ segments: 0, copied: 0 });
      await checkpoint.commit(batch([openSegment(0)]));
      expect(await checkpoint.openSegments()).toEqual([openSegment(0)]);
    });

    it('refuses what would lose entries at the next start, and stays usable', async () => {
      const checkpoint = await open();
      await expect(checkpoint.commit(batch([segment(0)]))).rejects.toThrow(
        'before the job was begun',
      );
      await checkpoint.begin({});
      const refused = [
        checkpoint.commit(batch([segment(1)])),
        checkpoint.commit(batch([segment(0), segment(2)])),
        checkpoint.commit(finishing([openSegment(0)])),
        checkpoint.commit(batch([segment(0, { copied: 3 })])),
      ];
      const between = checkpoint.totals();
      const good = checkpoint.commit(batch([segment(0)]));
      const settled = await Promise.allSettled(refused);
      expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(4);
      expect(await between).toMatchObject({ segments: 0, copied: 0 });
      await good;
      expect(await checkpoint.totals()).toMatchObject({ segments: 1, copied: 4 });
      expect(await checkpoint.load()).toMatchObject({ finished: false });
    });

    it('loses nothing that it acknowledged when its process is killed at any moment', async () => {
      for (let kill = 0; kill < KILLS; kill += 1) {
        const acknowledged = await writeUntilKilled(adapter.writerScript, directory, kill * 9);
        const checkpoint = await adapter.open(directory);
        const totals = await checkpoint.totals();
        await checkpoint.close();
        expect(acknowledged).toBeGreaterThan(0);
        expect(totals.segments).toBeGreaterThanOrEqual(acknowledged);
        expect(totals.copied).toBe(totals.segments * 4);
        expect(totals.position.end).toBe(totals.segments * 100);
      }
    });
  });
}

/** Runs the writer and kills it `delayMs` after its first commit. @returns commits acknowledged. */
async function writeUntilKilled(
  script: string,
  directory: string,
  delayMs: number,
): Promise<number> {
  const child = spawn(process.execPath, [script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let lines = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    if (lines === 0) setTimeout(() => child.kill('SIGKILL'), delayMs);
    lines += chunk.filter((byte) => byte === 0x0a).length;
  });
  await once(child, 'close');
  expect(child.signalCode).toBe('SIGKILL');
  return lines;
}
