import { appendFile, readdir, rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastResults } from '../../src/checkpoint/last-results.ts';
import { PlaceSet } from '../../src/checkpoint/place-set.ts';
import { packMember } from '../../src/checkpoint/result-member.ts';
import { copied, failed, MadeJob, skipped, tempFolder } from '../report/run-report/made-job.ts';

let folder: Awaited<ReturnType<typeof tempFolder>>;
let job: MadeJob;
beforeEach(async () => {
  folder = await tempFolder();
  job = await MadeJob.begin(folder.path, 'j');
});
afterEach(async () => {
  await job.release();
  await folder.remove();
});

/** Each outcome as `key outcome`. */
async function read(): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of lastResults(job.directory)) {
    for (const result of batch)
      found.push(`${'key' in result ? result.key : ''} ${result.outcome}`);
  }
  return found;
}

const file = () => path.join(job.directory, 'results', '00000001', '00000001.jsonl.gz');

describe('the last results', () => {
  it('are none where no job was begun, or none was told', async () => {
    expect(await read()).toEqual([]);
    const nothing = await lastResults(path.join(folder.path, 'nowhere')).next();
    expect(nothing.done).toBe(true);
  });

  it('are what was told, in its order', async () => {
    await job.tell([copied('a'), failed('b')]);
    await job.tell([skipped('c')]);
    expect(await read()).toEqual(['a copied', 'b failed', 'c skipped']);
  });

  it('give an entry that was retried once, as it was told last', async () => {
    await job.tell([copied('a'), failed('b'), failed('c'), failed('d')]);
    await job.tell([failed('e'), copied('f')]);
    const after = [copied('a'), copied('b'), failed('c'), failed('d')];
    await job.tellAgain(
      0,
      [
        [1, copied('b')],
        [2, failed('c')],
      ],
      after,
    );
    await job.tellAgain(
      0,
      [[2, skipped('c')]],
      [copied('a'), copied('b'), skipped('c'), failed('d')],
    );
    expect(await read()).toEqual([
      ...['a copied', 'd failed', 'e failed', 'f copied'],
      ...['b copied', 'c skipped'],
    ]);
  });

  it('leave out what a run told that died before it counted', async () => {
    await job.tell([copied('a'), failed('b')]);
    const line = `{"time":"2026-11-20T05:00:00.000Z","segment":0,"index":1,"key":"b","outcome":"skipped","rule":"r","reason":"exists"}\n`;
    await appendFile(file(), packMember(line));
    expect(await read()).toEqual(['a copied', 'b failed']);
    await appendFile(file(), packMember(line).subarray(0, 30));
    expect(await read()).toEqual(['a copied', 'b failed']);
  });

  it('are only those of the last pass', async () => {
    await job.tell([copied('a')]);
    await job.finish();
    await job.beginAgain();
    await job.tell([skipped('a')]);
    expect(await readdir(path.join(job.directory, 'results'))).toHaveLength(2);
    expect(await read()).toEqual(['a skipped']);
  });

  it('do without files that were removed, and tell of one that lost lines', async () => {
    await job.tell([copied('a')]);
    await job.tell([copied('b')]);
    await truncate(file(), 60);
    await expect(read()).rejects.toMatchObject({ kind: 'state-unusable' });
    await rm(file());
    expect(await read()).toEqual([]);
  });
});

it('a set of places tells new ones from known ones, wherever they are', () => {
  const place = fc.record({ segment: fc.nat(100_000), index: fc.nat(5000) });
  fc.assert(
    fc.property(fc.array(place), (places) => {
      const set = new PlaceSet();
      const known = new Set<string>();
      for (const { segment, index } of places) {
        const name = `${segment}/${index}`;
        expect(set.add({ segment, index })).toBe(!known.has(name));
        known.add(name);
      }
    }),
  );
});
