import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startJobThread } from '../../src/checkpoint/job-thread.ts';
import { openSqliteState } from '../../src/checkpoint/sqlite-state.ts';
import type { SegmentRecord } from '../../src/model/checkpoint.ts';
import { objectKey } from '../../src/model/object-key.ts';
import {
  batch,
  checkpointContract,
  openSegment,
  segment,
} from '../contract/checkpoint-contract.ts';
import { uploadJournalContract } from '../contract/upload-journal-contract.ts';
import { memoryUploadJournal } from '../support/memory-upload-journal.ts';

const openState = async (file: string) => openSqliteState({ file, results: 'all', now: () => 0 });

checkpointContract({
  name: 'SQLite',
  open: async (directory) => (await openState(join(directory, 'checkpoint.db'))).checkpoint,
  writerScript: new URL('commit-until-killed.js', import.meta.url).pathname,
});

uploadJournalContract('SQLite', async (directory) => {
  const { uploads, checkpoint } = await openState(join(directory, 'checkpoint.db'));
  return { journal: uploads, close: async () => checkpoint.close() };
});

uploadJournalContract('memory', () =>
  Promise.resolve({ journal: memoryUploadJournal(), close: () => Promise.resolve() }),
);

describe('a checkpoint in SQLite', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bucketfill-sqlite-'));
    file = join(directory, 'checkpoint.db');
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  const open = async () => (await openState(file)).checkpoint;

  it('is kept by a thread that was started ahead, and closes it', async () => {
    const thread = startJobThread();
    const { checkpoint } = await openSqliteState({ file, results: 'all', now: () => 0, thread });
    await checkpoint.begin({ rule: 'x' });
    await checkpoint.close();
    await expect(thread.call({ op: 'load' })).rejects.toThrow('the checkpoint is closed');
    await thread.close();
    expect((await (await open()).load())?.fingerprint).toEqual({ rule: 'x' });
  });

  it('leaves a thread that nobody needed after all to whoever started it', async () => {
    const thread = startJobThread();
    await thread.close();
    await expect(thread.call({ op: 'load' })).rejects.toThrow('the checkpoint is closed');
  });

  async function writeJob(segments: readonly SegmentRecord[]): Promise<void> {
    const checkpoint = await open();
    await checkpoint.begin({ rule: 'x' });
    await checkpoint.commit(batch(segments));
    await checkpoint.close();
  }

  function change(statement: string): void {
    const changed = new Database(file);
    changed.exec(statement);
    changed.close();
  }

  function rowsOf(query: string): readonly (readonly unknown[])[] {
    const database = new Database(file);
    const rows: unknown[] = database.prepare(query).raw().all();
    database.close();
    return rows.filter((row) => Array.isArray(row));
  }

  async function expectUnusable(...words: readonly string[]): Promise<void> {
    const error: unknown = await open().then(
      async (checkpoint) => checkpoint.close(),
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: 'FatalError', kind: 'state-unusable' });
    const message = error instanceof Error ? error.message : '';
    expect(message).not.toContain('\n');
    for (const word of [file, ...words]) expect(message).toContain(word);
  }

  it('takes at most 16 bytes an object at 1,024 entries a segment, whatever became of them', async () => {
    const outcomes = Uint8Array.from({ length: 256 }, (_, at) => (at % 2 === 0 ? 0x55 : 0xaa));
    const mixed = { entries: 1024, outcomes, copied: 512, skipped: 512 };
    await writeJob(Array.from({ length: 200 }, (_, id) => segment(id, mixed)));
    const { size } = await stat(file);
    expect(size / (200 * 1024)).toBeLessThanOrEqual(16);
    expect(await readdir(directory)).toEqual(['checkpoint.db', 'results']);
  });

  it('takes next to nothing where all entries of a segment ended alike', async () => {
    const alike = { entries: 1024, outcomes: new Uint8Array(256).fill(0x55), copied: 1024 };
    await writeJob(Array.from({ length: 200 }, (_, id) => segment(id, alike)));
    expect((await stat(file)).size / (200 * 1024)).toBeLessThan(0.2);
  });

  it('can be closed twice at once, and then says that it is closed', async () => {
    const checkpoint = await open();
    await Promise.all([checkpoint.close(), checkpoint.close()]);
    await checkpoint.close();
    await expect(checkpoint.load()).rejects.toThrow('the checkpoint is closed');
  });

  it('refuses a file that is not SQLite, and leaves it as it is', async () => {
    await writeFile(file, 'no database '.repeat(500));
    await expectUnusable('--new-job');
    expect(await readFile(file, 'utf8')).toBe('no database '.repeat(500));
  });

  it('refuses a database of another program, and leaves it as it is', async () => {
    const other = new Database(file);
    other.exec('CREATE TABLE notes (text TEXT)');
    other.close();
    const before = await readFile(file);
    await expectUnusable('another program', '--new-job');
    expect(await readFile(file)).toEqual(before);
  });

  it('refuses a state of a newer version', async () => {
    await writeJob([segment(0)]);
    change('PRAGMA user_version = 99');
    await expectUnusable('99', 'newer', '--new-job');
  });

  it('refuses a state that was cut short', async () => {
    await writeJob(Array.from({ length: 400 }, (_, id) => openSegment(id)));
    await truncate(file, 8192);
    await expectUnusable('damaged', '--new-job');
  });

  it('refuses a state with a page overwritten', async () => {
    await writeJob(Array.from({ length: 400 }, (_, id) => openSegment(id)));
    const bytes = await readFile(file);
    bytes.fill(0xa5, 3 * 4096, 4 * 4096);
    await writeFile(file, bytes);
    await expectUnusable('damaged', '--new-job');
  });

  it('refuses a state of an older version', async () => {
    await writeJob([segment(0)]);
    change('PRAGMA user_version = 1');
    await expectUnusable('version 1', 'older', '--new-job');
  });

  it('refuses a directory, an empty file, and a log without its file', async () => {
    await mkdir(file);
    await expectUnusable('a directory', '--new-job');
    await rm(file, { recursive: true });
    await writeFile(file, '');
    await expectUnusable('empty', '--new-job');
    await rm(file);
    await writeFile(`${file}-wal`, 'left over');
    await expectUnusable('gone', '--new-job');
    expect(await readdir(directory)).toEqual(['checkpoint.db-wal']);
  });

  it('goes on where a process died while it made the file', async () => {
    for (const rest of ['', '-journal', '-wal', '-shm']) {
      await writeFile(`${file}.new${rest}`, 'half a file');
    }
    await writeJob([segment(0)]);
    expect(await readdir(directory)).toEqual(['checkpoint.db', 'results']);
  });

  it.each([
    ['a table', 'DROP TABLE segment'],
    ['a column', 'ALTER TABLE segment ADD COLUMN more INTEGER'],
    ["the job's row", 'DELETE FROM job'],
    ['its totals', 'UPDATE job SET copied = copied + 1'],
    ['its fingerprint', `UPDATE job SET fingerprint = x'7b7d'`],
    ['its end', 'UPDATE job SET finished = 1'],
    ['a segment', 'DELETE FROM segment WHERE id = 1'],
    ['the last segment', 'DELETE FROM segment WHERE id = 2'],
    ['the place of a segment', 'UPDATE segment SET id = 3 WHERE id = 2'],
    ['the outcomes of a segment', `UPDATE segment SET outcomes = x'55' WHERE id = 0`],
    ['what is open', 'UPDATE segment SET closed = 1'],
    ['an upload', 'DELETE FROM upload'],
    ['what an upload says', `UPDATE upload SET sealed = x'7b7d'`],
  ])('refuses a state where somebody changed %s', async (_, statement) => {
    const { checkpoint, uploads } = await openState(file);
    await checkpoint.begin({ rule: 'x' });
    await checkpoint.commit(batch([openSegment(0), segment(1), segment(2)]));
    await uploads.keep(objectKey('a'), '{"id":1}');
    await checkpoint.close();
    change(statement);
    await expectUnusable('damaged', '--new-job');
  });

  it('refuses a state in which an older row of a segment has come back', async () => {
    await writeJob([openSegment(0)]);
    const before = rowsOf('SELECT * FROM segment');
    const { checkpoint } = await openState(file);
    await checkpoint.commit(batch([{ ...openSegment(0), prefixCrc: 7 }]));
    await checkpoint.close();
    const changed = new Database(file);
    const marks = before[0]?.map(() => '?').join() ?? '';
    changed.prepare(`REPLACE INTO segment VALUES (${marks})`).run(...(before[0] ?? []));
    changed.close();
    await expectUnusable('damaged', '--new-job');
  });

  it('keeps the records of uploads when the job is begun afresh', async () => {
    const { checkpoint, uploads } = await openState(file);
    await uploads.keep(objectKey('early'), '0');
    await checkpoint.begin({});
    await uploads.keep(objectKey('a'), '1');
    await checkpoint.begin({});
    await checkpoint.close();
    const again = await openState(file);
    expect(await again.uploads.all()).toEqual([
      { key: 'a', sealed: '1' },
      { key: 'early', sealed: '0' },
    ]);
    await again.checkpoint.close();
  });

  it('keeps an upload on disk from the moment at which keep resolves', async () => {
    const { checkpoint, uploads } = await openState(file);
    await uploads.keep(objectKey('a'), '1');
    const copy = join(directory, 'copy', 'checkpoint.db');
    await mkdir(join(directory, 'copy'));
    await copyFile(file, copy);
    await copyFile(`${file}-wal`, `${copy}-wal`);
    await checkpoint.close();
    const resumed = await openState(copy);
    expect(await resumed.uploads.all()).toEqual([{ key: 'a', sealed: '1' }]);
    await resumed.checkpoint.close();
  });

  it('goes on from a write-ahead log that a killed process left behind', async () => {
    const checkpoint = await open();
    await checkpoint.begin({});
    await checkpoint.commit(batch([openSegment(0)]));
    const copy = join(directory, 'copy.db');
    await copyFile(file, copy);
    await copyFile(`${file}-wal`, `${copy}-wal`);
    await checkpoint.close();
    const { checkpoint: resumed } = await openState(copy);
    expect(await resumed.openSegments()).toEqual([openSegment(0)]);
    await resumed.close();
  });

  it('says so when the directory of the file is missing', async () => {
    await expect(openState(join(directory, 'none', 'x.db'))).rejects.toMatchObject({
      kind: 'state-unusable',
    });
  });
});
