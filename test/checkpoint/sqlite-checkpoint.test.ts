import {
  copyFile,
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
import { sqliteCheckpoint } from '../../src/checkpoint/sqlite-checkpoint.ts';
import type { SegmentRecord } from '../../src/model/checkpoint.ts';
import { checkpointContract, openSegment, segment } from '../contract/checkpoint-contract.ts';

checkpointContract({
  name: 'SQLite',
  open: async (directory) => sqliteCheckpoint(join(directory, 'checkpoint.db')),
  writerScript: new URL('commit-until-killed.js', import.meta.url).pathname,
});

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

  const open = async () => sqliteCheckpoint(file);

  async function writeJob(segments: readonly SegmentRecord[]): Promise<void> {
    const checkpoint = await open();
    await checkpoint.begin({ rule: 'x' });
    await checkpoint.commit(segments, false);
    await checkpoint.close();
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
    expect(await readdir(directory)).toEqual(['checkpoint.db']);
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
    const newer = new Database(file);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    await expectUnusable('99', '--new-job');
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

  it('refuses a state without its tables', async () => {
    await writeJob([segment(0)]);
    const emptied = new Database(file);
    emptied.exec('DROP TABLE segment');
    emptied.close();
    await expectUnusable('damaged', '--new-job');
  });

  it('says where a state was changed from outside so that it makes no sense', async () => {
    await writeJob([openSegment(0)]);
    const changed = new Database(file);
    changed.exec(`UPDATE segment SET failures = '[["x"]]'`);
    changed.close();
    const checkpoint = await open();
    await expect(checkpoint.openSegments()).rejects.toMatchObject({ kind: 'state-unusable' });
    await checkpoint.close();
  });

  it('goes on from a write-ahead log that a killed process left behind', async () => {
    const checkpoint = await open();
    await checkpoint.begin({});
    await checkpoint.commit([openSegment(0)], false);
    const copy = join(directory, 'copy.db');
    await copyFile(file, copy);
    await copyFile(`${file}-wal`, `${copy}-wal`);
    await checkpoint.close();
    const resumed = await sqliteCheckpoint(copy);
    expect(await resumed.openSegments()).toEqual([openSegment(0)]);
    await resumed.close();
  });

  it('says so when the directory of the file is missing', async () => {
    await expect(sqliteCheckpoint(join(directory, 'none', 'x.db'))).rejects.toMatchObject({
      kind: 'state-unusable',
    });
  });
});
