import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JobSource, notingSource, readSource } from '../../src/cli/job-source.ts';
import { memoryCheckpoint } from '../support/memory-checkpoint.ts';

describe('where the keys of a job come from', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'bucketfill-source-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  const flags = { overwrite: 'changed', keys: 'list', 'keys-format': 'csv' };
  const from = (entries: JobSource['entries'], command = 'migrate') => ({
    ...{ command, entries, flags },
  });

  it.each([
    from({ from: 'list', path: '/lists/ü "1".csv', format: 'csv' }),
    from({ from: 'stdin', format: undefined }),
    from({ from: 'stdin', format: 'tsv' }),
    from({ from: 'scan' }),
    from({ from: 'changes' }, 'sync'),
  ])('is noted when it is begun: %o', async (source) => {
    const checkpoint = memoryCheckpoint(undefined, 'failures');
    const noting = notingSource({ checkpoint, directory }, source);
    expect(noting.results).toBe('failures');
    expect(await readSource(directory)).toBeUndefined();
    await noting.begin({ rule: 'x' });
    expect(await readSource(directory)).toEqual({ ...source, results: 'failures' });
    expect(await checkpoint.load()).toMatchObject({ fingerprint: { rule: 'x' } });
    expect(await readdir(directory)).toEqual(['source.json']);
  });

  it('is on disk before the job is begun, and stays when one is gone on with', async () => {
    const checkpoint = memoryCheckpoint();
    const seen: unknown[] = [];
    const watched = {
      ...checkpoint,
      begin: async () => {
        seen.push((await readSource(directory))?.entries);
      },
    };
    await notingSource({ checkpoint: watched, directory }, from({ from: 'scan' })).begin({});
    expect(seen).toEqual([{ from: 'scan' }]);
    const resumed = notingSource({ checkpoint, directory }, from({ from: 'changes' }));
    await resumed.commit({ segments: [], results: [], finished: true });
    expect(await readSource(directory)).toMatchObject({ entries: { from: 'scan' } });
  });

  it.each([
    ['is no JSON', '{'],
    ['is no object', '7'],
    ['is of another version', { version: 2 }],
    ['lacks the command', { command: undefined }],
    ['lacks a flag that decides', { flags: { keys: 'list' } }],
    ['names an unknown source', { entries: { from: 'elsewhere' } }],
    ['names a list without its path', { entries: { from: 'list', format: 'csv' } }],
    ['names a list of an unknown format', { entries: { from: 'list', path: '/a', format: 'x' } }],
    ['keeps unknown results', { results: 'some' }],
  ])('is not known where the note %s', async (_, change) => {
    const whole = { version: 1, ...from({ from: 'scan' }), results: 'all' };
    const text = typeof change === 'string' ? change : JSON.stringify({ ...whole, ...change });
    await writeFile(path.join(directory, 'source.json'), text);
    expect(await readSource(directory)).toBeUndefined();
  });

  it('that can not be written is a state that can not be used', async () => {
    const gone = path.join(directory, 'gone');
    const noting = notingSource(
      { checkpoint: memoryCheckpoint(), directory: gone },
      from({ from: 'scan' }),
    );
    await expect(noting.begin({})).rejects.toMatchObject({ kind: 'state-unusable' });
  });
});
