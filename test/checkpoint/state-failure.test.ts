import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { openSqliteState } from '../../src/checkpoint/sqlite-state.ts';
import { fileFailure, stateFailure } from '../../src/checkpoint/state-failure.ts';
import { networkFileSystem } from '../../src/checkpoint/network-file-system.ts';
import { segment } from '../contract/checkpoint-contract.ts';
import { allResults } from './all-results.ts';

const skipped = { outcome: 'skipped', rule: 'r', reason: 'exists' } as const;

describe('what a SQLite code means for the state', () => {
  const file = '/srv/state/jobs/x/state/checkpoint.db';
  const directory = '/srv/state/jobs/x/state';
  it.each([
    ['SQLITE_FULL', [directory, 'make room', 'resumes']],
    ['SQLITE_IOERR', [directory, 'check the disk', 'resumes']],
    ['SQLITE_IOERR_FSYNC', [directory, 'SQLITE_IOERR_FSYNC', 'resumes']],
    ['SQLITE_IOERR_SHORT_READ', [file, '--new-job']],
    ['SQLITE_READONLY', [directory, '--state']],
    ['SQLITE_READONLY_DBMOVED', [directory, '--state']],
    ['SQLITE_CANTOPEN', [directory, '--state']],
    ['SQLITE_CORRUPT', [file, '--new-job']],
    ['SQLITE_NOTADB', [file, '--new-job']],
    ['SQLITE_BUSY', [file, 'another program']],
  ])('%s ends the run with a line that says what to do', (code, words) => {
    const failure = stateFailure(code, file, new Error('it said\nso'));
    expect(failure?.kind).toBe('state-unusable');
    expect(failure?.cause).toEqual(new Error('it said\nso'));
    for (const word of words) expect(failure?.message).toContain(word);
    expect(failure?.message).not.toContain('\n');
  });

  it.each(['SQLITE_ERROR', 'SQLITE_CONSTRAINT', 'SQLITE_MISUSE', 'SQLITE_FULLER'])(
    '%s is a bug and no matter of the state',
    (code) => {
      expect(stateFailure(code, file, new Error('x'))).toBeUndefined();
    },
  );

  it.each([
    ['ENOSPC', ['make room', 'resumes']],
    ['EDQUOT', ['make room', 'resumes']],
    ['EFBIG', ['make room', 'resumes']],
    ['EIO', ['check the disk', 'resumes']],
    ['EROFS', ['--state']],
    ['EACCES', ['--state']],
  ])('%s of a results file ends the run with a line that says what to do', (code, words) => {
    const error = Object.assign(new Error(`${code}: it said so`), { code, syscall: 'write' });
    const failure = fileFailure(error, '/srv/results');
    expect(failure?.kind).toBe('state-unusable');
    for (const word of [...words, code, '/srv/results']) expect(failure?.message).toContain(word);
    expect(fileFailure(new Error('a bug'), '/srv/results')).toBeUndefined();
  });

  it.each(['checkpoint', 'results'])(
    'a disk that takes no more of the %s ends commits, and what was acknowledged is there',
    async (grows) => {
      const place = await mkdtemp(join(tmpdir(), 'bucketfill-full-'));
      const script = new URL('fill-disk.js', import.meta.url).pathname;
      // 512-byte blocks: no file may grow beyond 128 KiB, for this shell and what it starts.
      const limited = spawnSync('sh', [
        '-c',
        'ulimit -f 256; exec "$0" "$1" "$2" "$3"',
        process.execPath,
        script,
        place,
        grows,
      ]);
      const told: unknown = JSON.parse(limited.stdout.toString());
      expect(told).toMatchObject({ name: 'FatalError', kind: 'state-unusable' });
      expect(JSON.stringify(told)).toContain('resumes');
      if (grows === 'results') expect(JSON.stringify(told)).toContain('for the results in');
      const file = join(place, 'checkpoint.db');
      const state = await openSqliteState({ file, results: 'all', now: () => 0 });
      const { segments } = await state.checkpoint.totals();
      expect(told).toMatchObject({ acknowledged: segments });
      // There is room again: the job goes on, and no line is missing, torn or told twice.
      const results = [{ segment: segments, index: 0, key: 'last', ...skipped }];
      await state.checkpoint.commit({ segments: [segment(segments)], results, finished: true });
      await state.checkpoint.close();
      const lines = await allResults(place);
      const first = grows === 'results' ? 0 : segments;
      expect(lines.map((line) => line.segment)).toEqual(
        Array.from({ length: segments + 1 - first }, (_, id) => first + id),
      );
      await rm(place, { recursive: true });
    },
  );
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
