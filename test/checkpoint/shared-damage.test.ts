import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exclusiveLock } from '../../src/checkpoint/exclusive-lock.ts';
import type { SharedWrite } from '../../src/checkpoint/shared-protocol.ts';
import { NO_ROWS, SealedTable } from '../../src/checkpoint/sealed-table.ts';
import { SharedState } from '../../src/checkpoint/shared-state.ts';
import { JOB_ADVICE } from '../../src/checkpoint/state-failure.ts';
import { openSharedStore } from '../../src/checkpoint/shared-store.ts';
import { JobStore } from '../../src/checkpoint/job-store.ts';
import type { GaugeBatch } from '../../src/model/gauge-store.ts';
import { chance, damage } from '../support/damage.ts';

/** How many damaged copies are opened, and the commits that they are copies of. */
const COPIES = 150;
const COMMITS = 30;

const BATCH: GaugeBatch = {
  watch: { sinceMs: 1, untilMs: 2 },
  counts: [{ hourMs: 3_600_000, rule: 'all', requests: 3, neededOrigin: 1 }],
  keys: Array.from({ length: 200 }, (_, at) => ({
    ...{ key: `needed/${at}`, rule: 'all', mark: 'MISS', timeMs: 3_600_000 + at },
  })),
  dropHoursBeforeMs: 0,
  dropKeysBeforeMs: 0,
  mostKeys: 1000,
};

const recorded = (key: string): SharedWrite => ({
  op: 'recordFill',
  fill: { key, sealed: '["all",""]' },
});

describe('the file of a shared store', () => {
  let directory: string;
  let file: string;
  let states: SharedState[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bucketfill-shared-'));
    file = join(directory, 'shared.db');
    await mkdir(join(directory, 'owners'));
    states = [];
  });
  afterEach(async () => {
    for (const state of states) state.close();
    await rm(directory, { recursive: true, force: true });
  });

  function open(busyTimeoutMs = 0): SharedState {
    const state = SharedState.open(directory, busyTimeoutMs);
    states.push(state);
    return state;
  }

  /** Something in every table, and nobody at work. */
  function fill(): void {
    const state = SharedState.open(directory, 0);
    state.write([
      ...Array.from({ length: 200 }, (_, at) => recorded(`promised/${at}`)),
      { op: 'claim', key: 'large', claimant: { owner: 'one', sinceMs: 0 } },
      { op: 'addToGauge', batch: BATCH },
      { op: 'putVendorDocument', document: { vendor: 'oss', text: '<older/>' } },
      { op: 'putVendorDocument', document: { vendor: 'obs', text: '{"rules":[]}' } },
    ]);
    state.close();
  }

  function change(statement: string): void {
    const changed = new Database(file);
    changed.exec(statement);
    changed.close();
  }

  function expectUnusable(work: () => unknown, ...words: string[]): void {
    let error: unknown;
    try {
      work();
    } catch (thrown) {
      error = thrown;
    }
    expectUnusableError(error, [directory, ...words]);
  }

  it('is refused where it is not SQLite, and left as it is', async () => {
    await writeFile(file, 'no database '.repeat(500));
    expectUnusable(open, 'damaged', 'move it away');
    expect(await readFile(file, 'utf8')).toBe('no database '.repeat(500));
  });

  it('is refused where it is the state of a job', () => {
    JobStore.open(file, 0).close();
    expectUnusable(open, 'another program', 'move it away');
  });

  it.each([
    ['newer', 99],
    ['older', 0],
  ])('is refused where it is of a %s version', (age, version) => {
    fill();
    change(`PRAGMA user_version = ${version}`);
    expectUnusable(open, `version ${version}`, age);
  });

  it('is refused where it was cut short, or has a page overwritten', async () => {
    fill();
    const whole = await readFile(file);
    await truncate(file, 8192);
    expectUnusable(open, 'damaged', 'move it away');
    await writeFile(file, whole.fill(0xa5, 3 * 4096, 4 * 4096));
    expectUnusable(open, 'damaged', 'move it away');
  });

  it('is refused where it is empty, a directory, or a log without its file', async () => {
    await writeFile(file, '');
    expectUnusable(open, 'empty');
    await rm(file);
    await mkdir(file);
    expectUnusable(open, 'a directory');
    await rm(file, { recursive: true });
    await writeFile(`${file}-wal`, 'left over');
    expectUnusable(open, 'gone');
  });

  it.each([
    ['a table', 'DROP TABLE claim'],
    ['the head', 'DELETE FROM head'],
    ['what the head says', `UPDATE head SET sealed = x'5b5d'`],
    ['a promised fill', `DELETE FROM pending WHERE rank = 7`],
    ['a claim', 'DELETE FROM claim'],
    ['the counts of an hour', 'DELETE FROM hour'],
    ['a key that needed the origin', 'DELETE FROM needed WHERE rank = 3600003'],
    ["a vendor's rules", 'DELETE FROM vendor WHERE rank = 1'],
    [
      "the table of vendors' rules",
      'DROP TABLE vendor; DROP TABLE upload; PRAGMA user_version = 1',
    ],
    ['a row for an older one', `UPDATE needed SET crc = crc - 1 WHERE rank = 3600003`],
  ])('is refused where somebody took away or changed %s', (_, statement) => {
    fill();
    change(statement);
    expectUnusable(open, 'damaged', 'move it away');
  });

  it.each([
    ['a promised fill', `UPDATE pending SET sealed = x'5b5d'`],
    ['the order of fills', 'UPDATE pending SET rank = -rank'],
    ['the counts of an hour', `UPDATE hour SET sealed = x'5b302c305d'`],
    ['a key that needed the origin', `UPDATE needed SET key = x'61' WHERE rank = 3600003`],
    ['its time', 'UPDATE needed SET rank = rank + 1'],
    ['its text to no UTF-8', `UPDATE needed SET sealed = x'ff'`],
  ])('says so when it reads %s that somebody changed', (what, statement) => {
    fill();
    change(statement);
    const state = open();
    const isFill = what.includes('fill');
    expectUnusable(() => (isFill ? state.fills() : state.gauge()), 'damaged', 'move it away');
    // A row under another key is not met by who writes the first one anew.
    if (what.startsWith('a key')) return;
    const write: SharedWrite = isFill
      ? { op: 'takeOverFills' }
      : { op: 'addToGauge', batch: BATCH };
    expectUnusable(() => state.write([write]), 'damaged', 'move it away');
  });

  it.each([
    ["a vendor's rules", `UPDATE vendor SET sealed = x'5b22225d' WHERE rank = 1`],
    ["a vendor's name", `UPDATE vendor SET key = x'78' WHERE rank = 1`],
    ['which rules came last', 'UPDATE vendor SET rank = 3 - rank'],
  ])('says so when it reads %s that somebody changed there', (_, statement) => {
    fill();
    change(statement);
    const state = open();
    expectUnusable(() => state.vendorDocuments(), 'damaged', 'move it away');
    const document = { vendor: 'bos', text: '{}' } as const;
    expectUnusable(() => state.write([{ op: 'putVendorDocument', document }]), 'damaged');
  });

  it("takes up the file of a program that knew no vendors' rules", () => {
    const made = SharedState.open(directory, 0);
    made.write([recorded('a')]);
    made.close();
    asVersion1(file);
    const state = SharedState.open(directory, 0);
    expect(state.fills().map(({ key }) => key)).toEqual(['a']);
    expect(state.vendorDocuments()).toEqual([]);
    const document = { vendor: 'obs', text: '{"rules":[]}' } as const;
    state.write([{ op: 'putVendorDocument', document }, recorded('b')]);
    state.close();
    expect(open().vendorDocuments()).toEqual([document]);
  });

  it('goes on where a process died while it made the file', async () => {
    await writeFile(`${file}.new`, 'half a file');
    const state = open();
    state.write([recorded('a')]);
    expect(state.fills()).toHaveLength(1);
  });

  it('goes on from a write-ahead log that a killed process left behind', async () => {
    open().write([recorded('a')]);
    const copy = join(directory, 'copy');
    await mkdir(join(copy, 'owners'), { recursive: true });
    for (const name of ['shared.db', 'shared.db-wal']) {
      await writeFile(join(copy, name), await readFile(join(directory, name)));
    }
    const resumed = SharedState.open(copy, 0);
    states.push(resumed);
    expect(resumed.fills().map(({ key }) => key)).toEqual(['a']);
  });

  it('says who keeps it where another process does not get done with opening it', () => {
    const unlock = exclusiveLock(join(directory, 'lock.db'), 0, JOB_ADVICE);
    expectUnusable(() => open(20), 'held by another process for 0.02 s');
    unlock?.();
    open();
  });

  it('says so where another program holds it, and goes on once that one is done', () => {
    const state = open();
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    expectUnusable(() => state.write([recorded('a')]), 'another program');
    other.exec('ROLLBACK');
    other.close();
    state.write([recorded('b')]);
    expect(state.fills().map(({ key }) => key)).toEqual(['b']);
  });

  it('closes at once, whoever writes meanwhile', () => {
    const state = SharedState.open(directory, 60_000);
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    state.close();
    other.exec('ROLLBACK');
    other.close();
  });

  it('forgets claims of the dead when it is opened, which nobody may ever ask for again', () => {
    fill();
    open();
    const database = new Database(file);
    expect(database.prepare('SELECT count(*) FROM claim').raw().get()).toEqual([0]);
    database.close();
  });

  it('says so when the disk takes no more, and has what was acknowledged', () => {
    const script = new URL('shared-fill-disk.js', import.meta.url).pathname;
    // 512-byte blocks: no file may grow beyond 128 KiB, for this shell and what it starts.
    const command = 'ulimit -f 256; exec "$0" "$1" "$2"';
    const limited = spawnSync('sh', ['-c', command, process.execPath, script, directory]);
    const told: unknown = JSON.parse(limited.stdout.toString());
    expect(told).toMatchObject({ name: 'FatalError', kind: 'state-unusable' });
    expect(JSON.stringify(told)).toContain('nothing that was acknowledged is lost');
    expect(told).toMatchObject({ acknowledged: open().fills().length });
  });

  it('says so when a lock is no lock', async () => {
    fill();
    await writeFile(join(directory, 'lock.db'), 'nonsense '.repeat(200));
    expectUnusable(open, 'not a lock');
  });

  it('says so when a file stands where its folder should be', async () => {
    const place = join(directory, 'file');
    await writeFile(place, '');
    const error: unknown = await openSharedStore({ directory: place, now: () => 0 }).catch(
      (reason: unknown) => reason,
    );
    expectUnusableError(error, [place, '--state']);
  });

  it.skipIf(process.getuid?.() === 0)('says so when it is read-only', async () => {
    fill();
    await chmod(directory, 0o500);
    const opened = openSharedStore({ directory, now: () => 0 });
    expectUnusableError(await opened.catch((reason: unknown) => reason), [directory, 'writable']);
    await chmod(directory, 0o700);
  });

  it('is what some commit left where its bytes were damaged, or is refused', async () => {
    const draw = chance(20_261_121);
    const contents = new Set<string>();
    const state = open();
    contents.add(contentOf(state));
    for (let at = 0; at < COMMITS; at += 1) {
      const done: SharedWrite = { op: 'fillDone', key: `k/${draw(at + 1)}` };
      state.write([recorded(`k/${at}`), { op: 'addToGauge', batch: BATCH }, done]);
      contents.add(contentOf(state));
    }
    const whole = await readFile(file);
    const log = await readFile(`${file}-wal`);
    const copy = join(directory, 'copy');
    let refused = 0;
    for (let number = 0; number < COPIES; number += 1) {
      await mkdir(join(copy, 'owners'), { recursive: true });
      const inLog = number % 2 === 0;
      await writeFile(join(copy, 'shared.db'), inLog ? whole : damage(whole, draw));
      await writeFile(join(copy, 'shared.db-wal'), inLog ? damage(log, draw) : log);
      const said = read(copy);
      if (said === undefined) refused += 1;
      else expect(contents.has(said), `copy ${number} says what no commit left`).toBe(true);
      await rm(copy, { recursive: true });
    }
    // Both must have happened often, or the damage is no test.
    expect(refused).toBeGreaterThan(COPIES / 10);
    expect(COPIES - refused).toBeGreaterThan(COPIES / 10);
  });
});

/** Makes a file what version 1 wrote: it had fewer tables, and nothing of the others in the head. */
function asVersion1(file: string): void {
  const database = new Database(file);
  const heads = new SealedTable(database, 'head');
  const numbers = JSON.parse(heads.get('head')?.sealed ?? '[]') as number[];
  heads.put(NO_ROWS, 'head', JSON.stringify(numbers.slice(0, 11)));
  database.exec('DROP TABLE vendor; DROP TABLE upload; PRAGMA user_version = 1');
  database.close();
}

/** Everything that a store says. */
function contentOf(state: SharedState): string {
  return JSON.stringify([state.fills(), state.gauge(), state.vendorDocuments()]);
}

/** What a damaged copy says; undefined where it is refused. */
function read(directory: string): string | undefined {
  try {
    const state = SharedState.open(directory, 0);
    try {
      return contentOf(state);
    } finally {
      state.close();
    }
  } catch (error) {
    expectUnusableError(error, [directory]);
    return undefined;
  }
}

function expectUnusableError(error: unknown, words: readonly string[]): void {
  expect(error).toMatchObject({ name: 'FatalError', kind: 'state-unusable' });
  const message = error instanceof Error ? error.message : '';
  expect(message).not.toContain('\n');
  expect(message).not.toContain('--new-job');
  for (const word of words) expect(message).toContain(word);
}
