import fs from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobStore } from '../../src/checkpoint/job-store.ts';
import { FatalError } from '../../src/model/failure.ts';
import { openSegment, segment } from '../contract/checkpoint-contract.ts';
import { chance, damage } from '../support/damage.ts';
import type { StoreWrite } from '../../src/checkpoint/job-protocol.ts';

/** How many damaged copies are opened, and the commits that they are copies of. */
const COPIES = 400;
const COMMITS = 60;
/** Every so many commits the files are copied as a power cut would leave them. */
const COMMITS_A_COPY = 7;
/** Each commit and each opening waits for the disk, which others may keep busy. */
const PATIENCE_MS = 120_000;

interface Files {
  readonly database: Uint8Array;
  readonly log: Uint8Array;
}

/** Everything that a store says. */
function contentOf(store: JobStore): string {
  const open = store.openSegments().map((one) => ({ ...one, outcomes: [...one.outcomes] }));
  return JSON.stringify([store.load(), store.totals(), open, store.uploads()]);
}

describe('a damaged state', { timeout: PATIENCE_MS }, () => {
  let directory: string;
  let file: string;
  const copies: Files[] = [];
  const contents = new Set<string>();

  const read = (path: string) => (fs.existsSync(path) ? fs.readFileSync(path) : new Uint8Array());
  const files = (): Files => ({ database: read(file), log: read(`${file}-wal`) });

  function write(store: JobStore, id: number): void {
    const draw = chance(id);
    const last = Math.max(id - 1, 0);
    const sealed = JSON.stringify({ id, parts: 'p'.repeat(draw(40_000)) });
    const writes: StoreWrite[] = [
      { op: 'commit', segments: [openSegment(id), segment(last)], lines: '', finished: false },
      draw(4) === 0
        ? { op: 'dropUpload', key: `video/${draw(6)}` }
        : { op: 'keepUpload', key: `video/${draw(6)}`, sealed },
    ];
    store.write(id === 0 ? writes.slice(1) : writes);
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bucketfill-damage-'));
    file = join(directory, 'checkpoint.db');
    let store = JobStore.open(file, 0);
    contents.add(contentOf(store));
    store.begin({ rule: 'x' });
    contents.add(contentOf(store));
    const first: StoreWrite = {
      op: 'commit',
      segments: [openSegment(0)],
      lines: '',
      finished: false,
    };
    store.write([first]);
    contents.add(contentOf(store));
    for (let id = 1; id < COMMITS; id += 1) {
      write(store, id);
      contents.add(contentOf(store));
      if (id % COMMITS_A_COPY === 0) copies.push(files());
      if (id % 20 === 0) {
        store.close();
        copies.push(files());
        store = JobStore.open(file, 0);
      }
    }
    store.close();
  }, PATIENCE_MS);
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  }, PATIENCE_MS);

  /** Opens damaged files. @returns what they say, or how they were refused. */
  function opened({ database, log }: Files, name: string): string | FatalError {
    const place = join(directory, name);
    fs.mkdirSync(place);
    const copy = join(place, 'checkpoint.db');
    fs.writeFileSync(copy, database);
    if (log.length > 0) fs.writeFileSync(`${copy}-wal`, log);
    try {
      const store = JobStore.open(copy, 0);
      try {
        return contentOf(store);
      } finally {
        store.close();
      }
    } catch (error) {
      if (!(error instanceof FatalError)) throw error;
      expect(error.kind).toBe('state-unusable');
      expect(error.message).not.toContain('\n');
      expect(error.message).toContain(copy);
      expect(error.message).toContain('--new-job');
      return error;
    } finally {
      fs.rmSync(place, { recursive: true });
    }
  }

  it('is what some commit left, or is refused by a line that says what to do', () => {
    const draw = chance(20_261_120);
    let refused = 0;
    for (let number = 0; number < COPIES; number += 1) {
      const whole = copies[draw(copies.length)] ?? expect.fail();
      const which = whole.log.length === 0 ? 0 : draw(3);
      const said = opened(
        {
          database: which === 1 ? whole.database : damage(whole.database, draw),
          log: which === 0 ? whole.log : damage(whole.log, draw),
        },
        `copy-${number}`,
      );
      if (said instanceof FatalError) refused += 1;
      else
        expect(
          contents.has(said),
          `copy ${number} says what no commit left: ${said.slice(0, 300)}`,
        ).toBe(true);
    }
    // Both must have happened often, or the damage is no test.
    expect(refused).toBeGreaterThan(COPIES / 5);
    expect(COPIES - refused).toBeGreaterThan(COPIES / 5);
  });

  it('is found in files of two moments, put together', () => {
    for (const [at, older] of copies.entries()) {
      for (const newer of copies.slice(at + 1)) {
        for (const mixed of [
          { database: older.database, log: newer.log },
          { database: newer.database, log: older.log },
        ]) {
          const said = opened(mixed, 'mixed');
          if (!(said instanceof FatalError)) expect(contents.has(said)).toBe(true);
        }
      }
    }
  });

  it('without damage is what the last commit before the cut left', () => {
    for (const copy of copies) {
      const said = opened(copy, 'whole');
      expect(said instanceof FatalError ? said.message : '').toBe('');
    }
  });
});
