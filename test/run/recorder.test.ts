import { expect, test } from 'vitest';
import type { EntryResult, ResultsKept, SegmentRecord } from '../../src/model/checkpoint.ts';
import type { ObjectOutcome } from '../../src/model/event.ts';
import { FatalError } from '../../src/model/failure.ts';
import { Recorder } from '../../src/run/recorder.ts';
import { openSegment, SegmentTracker } from '../../src/run/segment-tracker.ts';
import { Tallies } from '../../src/run/tallies.ts';
import { memoryCheckpoint } from '../support/memory-checkpoint.ts';

const skipped: ObjectOutcome = { outcome: 'skipped', rule: 'r', reason: 'exists' };

function recorded(
  log: string[],
  flush: () => Promise<void> = () => Promise.resolve(),
  abort = new AbortController().signal,
  kept: ResultsKept = 'all',
) {
  const results: EntryResult[] = [];
  const checkpoint = memoryCheckpoint((batch) => {
    log.push(`commit ${batch.segments.map(({ skipped: count }) => count).join()}`);
    results.push(...batch.results);
  }, kept);
  const events = {
    emit: (event: { event: string }) => log.push(event.event),
    flush: async () => {
      await flush();
      log.push('flushed');
    },
  };
  const sink = { ...events, emit: (event: { event: string }) => void events.emit(event) };
  const recorder = new Recorder(sink, checkpoint, new Tallies(), (at) => log.push(at), abort);
  const segment = new SegmentTracker(
    openSegment({ id: 0, start: 0, end: 1, prefixCrc: 0, entries: 10_000 }),
  );
  return { recorder, segment, checkpoint, results };
}

test('an outcome is told before the checkpoint notes it', async () => {
  const log: string[] = [];
  const { recorder, segment } = recorded(log);
  recorder.settle(segment, 0, { key: 'a' }, skipped);
  await recorder.commit();
  expect(log).toEqual(['object', 'flushed', 'events.flushed', 'commit 1', 'checkpoint.committed']);
});

test('what is settled during a commit waits for the next one, though it is told already', async () => {
  const log: string[] = [];
  const { recorder, segment } = recorded(log, () => {
    if (log.filter((line) => line === 'object').length === 1) {
      recorder.settle(segment, 1, { key: 'b' }, skipped);
    }
    return Promise.resolve();
  });
  recorder.settle(segment, 0, { key: 'a' }, skipped);
  await recorder.commit();
  expect(log).toContain('commit 1');
  expect(log).not.toContain('commit 2');
  await recorder.commit();
  expect(log).toContain('commit 2');
});

test('a commit covers everything that was settled before it was asked for', async () => {
  const log: string[] = [];
  const { recorder, segment } = recorded(log, async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
  recorder.settle(segment, 0, { key: 'a' }, skipped);
  recorder.tick();
  recorder.settle(segment, 1, { key: 'b' }, skipped);
  await recorder.commit();
  expect(log.filter((line) => line.startsWith('commit'))).toEqual(['commit 1', 'commit 2']);
});

test('a segment that was begun is noted even when nothing of it is settled', async () => {
  const records: SegmentRecord[] = [];
  const { recorder, segment, checkpoint } = recorded([]);
  recorder.begun(segment);
  await recorder.commit();
  records.push(...(await checkpoint.openSegments()));
  expect(records.map(({ id }) => id)).toEqual([0]);
});

test('intake waits while too much is not yet durable', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { recorder, segment } = recorded([], () => held);
  for (let index = 0; index < 9000; index += 1) {
    recorder.settle(segment, index, { key: String(index) }, skipped);
  }
  let going = false;
  const room = recorder.room().then(() => {
    going = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(going).toBe(false);
  release();
  await room;
  expect(going).toBe(true);
});

test('a checkpoint that fails ends the intake with its error', async () => {
  const full = new FatalError('state-unusable', 'no space left');
  const { recorder, segment } = recorded([], () => Promise.reject(full));
  recorder.settle(segment, 0, { key: 'a' }, skipped);
  await expect(recorder.commit()).rejects.toBe(full);
  await expect(recorder.room()).rejects.toBe(full);
});

test('an abort is not held up by a reader that takes nothing', async () => {
  const abort = new AbortController();
  const { recorder, segment } = recorded([], () => new Promise(() => undefined), abort.signal);
  recorder.settle(segment, 0, { key: 'a' }, skipped);
  const committing = recorder.commit();
  abort.abort('SIGINT');
  await expect(committing).rejects.toThrow('SIGINT');
});

const failed: ObjectOutcome = {
  outcome: 'failed',
  rule: 'r',
  code: 'ORIGIN_STATUS',
  message: 'm',
  attempts: 2,
};

test.each([
  ['all', [0, 1]],
  ['failures', [1]],
  ['none', []],
] as const)('of the outcomes, the state is given %s', async (kept, indexes) => {
  const { recorder, segment, results } = recorded([], undefined, undefined, kept);
  recorder.settle(segment, 0, { key: 'a' }, skipped);
  recorder.settle(segment, 1, { keyBase64: '/w==' }, failed);
  await recorder.commit();
  expect(results.map(({ index }) => index)).toEqual(indexes);
});

test('a result is what the event said, with its place, and is given once', async () => {
  const { recorder, segment, results } = recorded([]);
  recorder.settle(segment, 7, { keyBase64: '/w==' }, failed);
  await recorder.commit();
  recorder.settle(segment, 8, { key: 'b' }, skipped);
  await recorder.commit();
  expect(results).toEqual([
    { segment: 0, index: 7, keyBase64: '/w==', ...failed },
    { segment: 0, index: 8, key: 'b', ...skipped },
  ]);
});
