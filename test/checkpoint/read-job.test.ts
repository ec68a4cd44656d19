import fs from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobStore } from '../../src/checkpoint/job-store.ts';
import type { StoreWrite } from '../../src/checkpoint/job-protocol.ts';
import { readJob } from '../../src/checkpoint/read-job.ts';
import { readStateFile } from '../../src/checkpoint/read-state-file.ts';
import { JOB_SCHEMA } from '../../src/checkpoint/state-schema.ts';
import { FatalError } from '../../src/model/failure.ts';
import { openSegment, segment } from '../contract/checkpoint-contract.ts';
import { chance, damage } from '../support/damage.ts';

/** How many damaged copies are read, and the commits that they are copies of. */
const COPIES = 150;
const COMMITS = 20;

const commit = (...segments: ReturnType<typeof segment>[]): StoreWrite => ({
  ...{ op: 'commit', segments, lines: '', finished: false },
});

describe('reading the state of a job', () => {
  let directory: string;
  let file: string;
  let store: JobStore;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bucketfill-read-'));
    file = join(directory, 'checkpoint.db');
    store = JobStore.open(file, 0);
  });
  afterEach(async () => {
    store.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('says what was committed last, while its writer goes on', () => {
    expect(readJob(directory)).toMatchObject({ fingerprint: undefined, finished: false });
    store.begin({ bucket: 'b' });
    store.write([commit(openSegment(0)), { op: 'keepUpload', key: 'k', sealed: '{}' }]);
    expect(readJob(directory)).toEqual({
      fingerprint: { bucket: 'b' },
      finished: false,
      reopened: false,
      progress: {
        ...{ listed: 3, copied: 2, skipped: 0, failed: 1, uploads: 1 },
        ...{ failures: { ORIGIN_STATUS: 1 }, openSegments: 1, openEntries: 1 },
      },
    });
    store.write([commit(segment(0), openSegment(1), openSegment(2))]);
    const { copied, skipped, failed } = store.totals();
    const listed = copied + skipped + failed;
    expect(readJob(directory)?.progress).toMatchObject({ listed, copied, openSegments: 2 });
    expect(readJob(directory)?.progress.failures).toEqual({ ORIGIN_STATUS: 2 });
  });

  it('never keeps its writer waiting, nor sees half of what is being written', () => {
    store.begin({ bucket: 'b' });
    store.write([commit(openSegment(0))]);
    const before = readStateFile(file, JOB_SCHEMA, (database) => {
      const count = () => database.prepare('SELECT count(*) FROM segment').raw().get();
      const first = count();
      store.write([commit(segment(0), openSegment(1))]);
      return [first, count()];
    });
    expect(before).toEqual([[1], [1]]);
    expect(store.totals().segments).toBe(2);
  });

  it('is nothing where no state is, and makes none', () => {
    const nowhere = join(directory, 'nowhere');
    expect(readJob(nowhere)).toBeUndefined();
    expect(fs.existsSync(nowhere)).toBe(false);
  });

  it.each([
    ['whose log is all that is left', 'checkpoint.db-wal', 'x'],
    ['that is empty', 'checkpoint.db', ''],
    ['that is none of ours', 'checkpoint.db', 'x'.repeat(8192)],
  ])('refuses a file %s', (_what, name, text) => {
    const copy = join(directory, 'copy');
    fs.mkdirSync(copy);
    fs.writeFileSync(join(copy, name), text);
    expect(() => readJob(copy)).toThrow(/damaged .*--new-job/);
  });

  it('of a damaged one says what some commit left, or refuses in a line', () => {
    const draw = chance(20_261_121);
    const said = new Set<string>();
    const copies: { database: Uint8Array; log: Uint8Array }[] = [];
    const note = () => said.add(JSON.stringify(readJob(directory)));
    note();
    store.begin({ bucket: 'b' });
    note();
    for (let id = 0; id < COMMITS; id += 1) {
      store.write([commit(openSegment(id), ...(id === 0 ? [] : [segment(id - 1)]))]);
      note();
      if (id % 5 !== 4) continue;
      copies.push({ database: fs.readFileSync(file), log: fs.readFileSync(`${file}-wal`) });
    }
    let refused = 0;
    for (let number = 0; number < COPIES; number += 1) {
      const { database, log } = copies[draw(copies.length)] ?? expect.fail();
      const place = join(directory, `copy-${number}`);
      fs.mkdirSync(place);
      const which = draw(3);
      fs.writeFileSync(join(place, 'checkpoint.db'), which > 0 ? damage(database, draw) : database);
      if (which < 2) fs.writeFileSync(join(place, 'checkpoint.db-wal'), damage(log, draw));
      try {
        expect(said).toContain(JSON.stringify(readJob(place)));
      } catch (error) {
        if (!(error instanceof FatalError)) throw error;
        expect(error).toMatchObject({ kind: 'state-unusable' });
        expect(error.message).not.toContain('\n');
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(COPIES / 5);
    expect(COPIES - refused).toBeGreaterThan(COPIES / 10);
  });
});
