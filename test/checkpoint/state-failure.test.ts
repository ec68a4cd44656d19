import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sqliteCheckpoint } from '../../src/checkpoint/sqlite-checkpoint.ts';
import { stateFailure } from '../../src/checkpoint/state-failure.ts';
import { networkFileSystem } from '../../src/checkpoint/network-file-system.ts';

describe('what a SQLite code means for the state', () => {
  const file = '/srv/state/jobs/x/state/checkpoint.db';
  const directory = '/srv/state/jobs/x/state';
  it.each([
    ['SQLITE_FULL', [directory, 'make room', 'resumes']],
    ['SQLITE_IOERR', [directory, 'check the disk', 'resumes']],
    ['SQLITE_IOERR_FSYNC', [directory, 'SQLITE_IOERR_FSYNC', 'resumes']],
    ['SQLITE_READONLY', [directory, '--state']],
    ['SQLITE_READONLY_DBMOVED', [directory, '--state']],
    ['SQLITE_CANTOPEN', [directory, '--state']],
    ['SQLITE_CORRUPT', [file, '--new-job']],
    ['SQLITE_NOTADB', [file, '--new-job']],
    ['SQLITE_BUSY', [file, 'another program']],
  ])('%s ends the run with a line that says what to do', (code, words) => {
    const failure = stateFailure(code, file, new Error('it said so'));
    expect(failure?.kind).toBe('state-unusable');
    expect(failure?.cause).toEqual(new Error('it said so'));
    for (const word of words) expect(failure?.message).toContain(word);
    expect(failure?.message).not.toContain('\n');
  });

  it.each(['SQLITE_ERROR', 'SQLITE_CONSTRAINT', 'SQLITE_MISUSE', 'SQLITE_FULLER'])(
    '%s is a bug and no matter of the state',
    (code) => {
      expect(stateFailure(code, file, new Error('x'))).toBeUndefined();
    },
  );

  it('a disk that takes no more ends commits, and what was acknowledged is there', async () => {
    const place = await mkdtemp(join(tmpdir(), 'bucketfill-full-'));
    const script = new URL('fill-disk.js', import.meta.url).pathname;
    // 512-byte blocks: no file may grow beyond 128 KiB, for this shell and what it starts.
    const limited = spawnSync('sh', [
      '-c',
      'ulimit -f 256; exec "$0" "$1" "$2"',
      process.execPath,
      script,
      place,
    ]);
    const told: unknown = JSON.parse(limited.stdout.toString());
    expect(told).toMatchObject({ name: 'FatalError', kind: 'state-unusable' });
    expect(JSON.stringify(told)).toContain('resumes');
    const file = join(place, 'checkpoint.db');
    const checkpoint = await sqliteCheckpoint(file);
    const { segments } = await checkpoint.totals();
    expect(told).toMatchObject({ acknowledged: segments });
    await checkpoint.close();
    await rm(place, { recursive: true });
  });
});

describe('file systems that a state must not stand on', () => {
  it.each([
    [0x6969, 'NFS'],
    [0xff534d42, 'CIFS'],
    [0xfe534d42, 'SMB 2'],
    [0xef53, undefined],
    [0x01021994, undefined],
  ])('statfs type %d is %s', (type, name) => {
    expect(networkFileSystem(type)).toBe(name);
  });
});
