import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SummaryEvent } from '../../src/model/event.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { outcomes, type SyncStage, syncStage } from '../support/sync-stage.ts';

let at: SyncStage;

beforeEach(async () => {
  at = await syncStage();
});

afterEach(() => at.close());

function counts(result: CliResult): Partial<SummaryEvent> {
  const { listed, copied, skipped, failed, deleted } = result.summary ?? {};
  return { listed, copied, skipped, failed, deleted } as Partial<SummaryEvent>;
}

/** Of each file of the generations, by path: what it is and when it was written. */
async function generation(): Promise<Record<string, object>> {
  const files: Record<string, object> = {};
  for (const file of await at.generationFiles()) {
    const { ino, mtimeNs } = await stat(file, { bigint: true });
    files[file] = { ino, mtimeNs, bytes: await readFile(file, 'base64') };
  }
  return files;
}

function fill(): void {
  at.site.put('a.txt', 'one');
  at.site.put('b.txt', 'two');
  at.site.put('sub/c.txt', 'three');
}

describe('what is new, changed or unchanged', () => {
  test('the first sync copies everything, the second asks for no file at all', async () => {
    fill();
    const first = await at.sync();
    expect(first.code).toBe(0);
    expect(outcomes(first)).toEqual({
      'a.txt': 'copied',
      'b.txt': 'copied',
      'sub/c.txt': 'copied',
    });
    expect(await at.stored('sub/c.txt')).toBe('three');
    const second = await at.sync();
    expect(second.code).toBe(0);
    expect(counts(second)).toEqual({ listed: 3, copied: 0, skipped: 3, failed: 0, deleted: 0 });
    expect(new Set(Object.values(outcomes(second)))).toEqual(new Set(['skipped:unchanged']));
    expect(at.filesAsked()).toEqual([]);
  });

  test('only what is new or changed is asked for, an edit of the same size too', async () => {
    fill();
    await at.sync();
    at.site.put('a.txt', 'ONE', Date.UTC(2021, 0, 1));
    at.site.put('new.txt', 'new');
    const result = await at.sync();
    expect(outcomes(result)).toEqual({
      'a.txt': 'copied',
      'b.txt': 'skipped:unchanged',
      'new.txt': 'copied',
      'sub/c.txt': 'skipped:unchanged',
    });
    expect(at.filesAsked().sort()).toEqual(['GET a.txt', 'GET new.txt']);
    expect(await at.stored('a.txt')).toBe('ONE');
  });

  test('an older file that was put back is a change', async () => {
    fill();
    await at.sync();
    at.site.put('a.txt', 'old', Date.UTC(2019, 0, 1));
    expect(outcomes(await at.sync())['a.txt']).toBe('copied');
    expect(await at.stored('a.txt')).toBe('old');
  });

  test('a file that was young when it was listed is looked at again: its date proves nothing yet', async () => {
    const now = Math.floor(Date.now() / 60_000) * 60_000;
    at.site.put('a.txt', 'one', now);
    await at.sync();
    // The same minute and the same size: no listing shows it.
    at.site.put('a.txt', 'ONE', now + 1000);
    const result = await at.sync();
    expect(outcomes(result)).toEqual({ 'a.txt': 'copied' });
    expect(await at.stored('a.txt')).toBe('ONE');
  });

  test('what somebody removed from the bucket comes back, and what they replaced is put right', async () => {
    fill();
    await at.sync();
    await rm(path.join(at.place.bucket, 'a.txt'));
    await writeFile(path.join(at.place.bucket, 'b.txt'), 'TWO');
    const result = await at.sync();
    expect(outcomes(result)).toMatchObject({ 'a.txt': 'copied', 'b.txt': 'copied' });
    expect(await at.stored('a.txt')).toBe('one');
    expect(await at.stored('b.txt')).toBe('two');
  });

  test('a failed key is tried again by the next sync, even if nothing changed', async () => {
    fill();
    at.site.statuses.set('b.txt', 404);
    const failing = await at.sync();
    expect(failing.code).toBe(3);
    expect(counts(failing)).toEqual({ listed: 3, copied: 2, skipped: 0, failed: 1, deleted: 0 });
    expect(outcomes(await at.sync())).toMatchObject({
      'a.txt': 'skipped:unchanged',
      'b.txt': 'failed',
    });
    at.site.statuses.clear();
    const again = await at.sync();
    expect(again.code).toBe(0);
    expect(outcomes(again)).toMatchObject({ 'a.txt': 'skipped:unchanged', 'b.txt': 'copied' });
  });

  test('a changed object that could not be fetched stays as it was, and is tried again', async () => {
    fill();
    await at.sync();
    at.site.put('a.txt', 'ONE', Date.UTC(2021, 0, 1));
    at.site.statuses.set('a.txt', 404);
    expect((await at.sync()).code).toBe(3);
    expect(await at.stored('a.txt')).toBe('one');
    at.site.statuses.clear();
    expect(outcomes(await at.sync())['a.txt']).toBe('copied');
    expect(await at.stored('a.txt')).toBe('ONE');
  });

  test('a lost state means a look at each object, never a copy of what is there', async () => {
    fill();
    await at.sync();
    await rm(path.join(at.place.folder, '.bucketfill'), { recursive: true });
    const result = await at.sync();
    expect(counts(result)).toMatchObject({ copied: 0, skipped: 3 });
    expect(at.filesAsked().sort()).toEqual(['GET a.txt', 'GET b.txt', 'GET sub/c.txt']);
    expect(counts(await at.sync())).toMatchObject({ copied: 0, skipped: 3 });
    expect(at.filesAsked()).toEqual([]);
  });

  test('a damaged generation is told, and is as good as none', async () => {
    fill();
    await at.sync();
    for (const file of await at.generationFiles()) {
      const bytes = await readFile(file);
      const middle = Math.floor(bytes.length / 2);
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      await writeFile(file, bytes);
    }
    at.site.files.delete('a.txt');
    const result = await at.sync(['--delete', '--max-delete', '100%']);
    expect(result.stderr).toMatch(/generation.*damaged|damaged.*generation/s);
    expect(result.code).toBe(0);
    expect(counts(result)).toMatchObject({ copied: 0, deleted: 0, skipped: 2 });
    expect(await at.stored('a.txt')).toBe('one');
  });

  test('a sync that finds nothing to do leaves the generation as it was', async () => {
    fill();
    await at.sync();
    const before = await generation();
    expect(Object.keys(before)).not.toEqual([]);
    expect(counts(await at.sync())).toMatchObject({ copied: 0, skipped: 3 });
    expect(await generation()).toEqual(before);
  });

  test('--checksum finds what neither date nor size nor ETag tells, and copies nothing else', async () => {
    fill();
    await at.sync();
    at.site.put('a.txt', 'ONE');
    expect(outcomes(await at.sync())['a.txt']).toBe('skipped:unchanged');
    const dry = await at.sync(['--checksum', '--dry-run']);
    expect(outcomes(dry)).toMatchObject({ 'a.txt': 'planned', 'b.txt': 'skipped:unchanged' });
    expect(await at.stored('a.txt')).toBe('one');
    const result = await at.sync(['--checksum']);
    expect(outcomes(result)).toEqual({
      'a.txt': 'copied',
      'b.txt': 'skipped:unchanged',
      'sub/c.txt': 'skipped:unchanged',
    });
    expect(await at.stored('a.txt')).toBe('ONE');
  });

  test('--overwrite never brings only what is new', async () => {
    fill();
    await at.sync();
    at.site.put('a.txt', 'another', Date.UTC(2021, 0, 1));
    at.site.put('new.txt', 'new');
    const result = await at.sync(['--overwrite', 'never', '--job', 'other']);
    expect(outcomes(result)).toEqual({
      'a.txt': 'skipped:exists',
      'b.txt': 'skipped:exists',
      'new.txt': 'copied',
      'sub/c.txt': 'skipped:exists',
    });
  });
});

describe('deletes', () => {
  const DELETE = ['--delete', '--max-delete', '100%'];

  test('what is gone stays without --delete, and goes with it, however late', async () => {
    fill();
    await at.sync();
    at.site.files.delete('a.txt');
    const without = await at.sync();
    expect(without.code).toBe(0);
    expect(counts(without)).toEqual({ listed: 2, copied: 0, skipped: 2, failed: 0, deleted: 0 });
    expect(without.stderr).toContain('1 objects are gone from the origin');
    expect(await at.stored('a.txt')).toBe('one');
    await at.sync();
    const deleting = await at.sync(DELETE);
    expect(deleting.code).toBe(0);
    expect(outcomes(deleting)['a.txt']).toBe('deleted');
    expect(counts(deleting)).toMatchObject({ listed: 2, deleted: 1 });
    await expect(at.stored('a.txt')).rejects.toThrow('ENOENT');
    expect(counts(await at.sync(DELETE))).toMatchObject({ deleted: 0 });
  });

  test('more than --max-delete: none is deleted, and the exit code says so', async () => {
    fill();
    await at.sync();
    at.site.files.delete('a.txt');
    const result = await at.sync(['--delete']);
    expect(result.code).toBe(3);
    expect(result.summary?.deletes?.refused).toContain('--max-delete allows 10%, which is 0 of 3');
    expect(counts(result)).toMatchObject({ deleted: 0, failed: 0 });
    expect(await at.stored('a.txt')).toBe('one');
    expect((await at.sync(['--delete', '--max-delete', '1'])).code).toBe(0);
    await expect(at.stored('a.txt')).rejects.toThrow('ENOENT');
  });

  test('a page that could not be listed: nothing is deleted, and what is below it is remembered', async () => {
    fill();
    await at.sync();
    at.site.files.delete('a.txt');
    at.site.statuses.set('sub/', 500);
    const broken = await at.sync(DELETE);
    expect(broken.code).toBe(3);
    expect(counts(broken)).toMatchObject({ listed: 1, deleted: 0 });
    expect(broken.summary?.deletes?.refused).toContain('not everything could be listed');
    expect(await at.stored('a.txt')).toBe('one');
    expect(await at.stored('sub/c.txt')).toBe('three');
    at.site.statuses.clear();
    const whole = await at.sync(DELETE);
    expect(whole.code).toBe(0);
    expect(outcomes(whole)).toEqual({
      'a.txt': 'deleted',
      'b.txt': 'skipped:unchanged',
      'sub/c.txt': 'skipped:unchanged',
    });
    expect(at.filesAsked()).toEqual(['HEAD a.txt', 'GET a.txt']);
  });

  test('what the origin hides from its listing but still gives is kept', async () => {
    fill();
    await at.sync();
    at.site.hidden.add('a.txt');
    const result = await at.sync(DELETE);
    expect(result.code).toBe(0);
    expect(counts(result)).toMatchObject({ deleted: 0 });
    expect(result.summary?.deletes).toEqual({ planned: 1, kept: 1, failed: 0 });
    expect(result.stderr).toContain(
      'a.txt: not deleted: the origin lists it no more but still has it',
    );
    expect(await at.stored('a.txt')).toBe('one');
  });

  test('what somebody has put in its place is kept', async () => {
    fill();
    await at.sync();
    at.site.files.delete('a.txt');
    await writeFile(path.join(at.place.bucket, 'a.txt'), 'theirs');
    const result = await at.sync(DELETE);
    expect(result.summary?.deletes).toEqual({ planned: 1, kept: 1, failed: 0 });
    expect(await at.stored('a.txt')).toBe('theirs');
  });

  test('what no sync has brought is never deleted', async () => {
    fill();
    await at.sync();
    await writeFile(path.join(at.place.bucket, 'theirs.txt'), 'theirs');
    const result = await at.sync(DELETE);
    expect(counts(result)).toMatchObject({ deleted: 0 });
    expect(await at.stored('theirs.txt')).toBe('theirs');
  });

  test('an origin that neither gives the object nor says that it is gone: it stays, exit 3', async () => {
    fill();
    await at.sync();
    at.site.files.delete('a.txt');
    at.site.statuses.set('a.txt', 403);
    const result = await at.sync(DELETE);
    expect(result.code).toBe(3);
    expect(outcomes(result)['a.txt']).toBe('failed');
    expect(await at.stored('a.txt')).toBe('one');
    at.site.statuses.clear();
    expect(outcomes(await at.sync(DELETE))['a.txt']).toBe('deleted');
  });
});

describe('a dry run', () => {
  test('shows the diff and changes nothing', async () => {
    fill();
    await at.sync();
    at.site.files.delete('a.txt');
    at.site.put('b.txt', 'TWO', Date.UTC(2021, 0, 1));
    at.site.put('new.txt', 'new');
    const args = ['--dry-run', '--delete', '--max-delete', '100%'];
    const result = await at.sync(args);
    expect(result.code).toBe(0);
    expect(outcomes(result)).toEqual({
      'a.txt': 'planned',
      'b.txt': 'planned',
      'new.txt': 'planned',
      'sub/c.txt': 'skipped:unchanged',
    });
    expect(result.summary).toMatchObject({ listed: 3, planned: 2, deleted: 0, copied: 0 });
    expect(await at.stored('a.txt')).toBe('one');
    const forPeople = await runCli(['sync', at.place.rules, '--ui', 'plain', ...args]);
    expect(forPeople.stderr).toMatch(/^would delete: a\.txt$/m);
    expect(forPeople.stderr).toMatch(/^would copy: b\.txt$/m);
    expect(forPeople.stderr).toMatch(
      /3 listed, 2 would be copied, 1 skipped, 0 failed, 1 would be deleted/,
    );
    // The next sync does all of it: the dry run left no generation.
    expect(outcomes(await at.sync(['--delete', '--max-delete', '100%']))).toEqual({
      'a.txt': 'deleted',
      'b.txt': 'copied',
      'new.txt': 'copied',
      'sub/c.txt': 'skipped:unchanged',
    });
  });
});

describe('under cron', () => {
  test('--quiet prints nothing when all is well, twice', async () => {
    fill();
    for (let run = 0; run < 2; run += 1) {
      const result = await runCli(['sync', at.place.rules, '--quiet']);
      expect(result).toMatchObject({ code: 0, stdout: '', stderr: '' });
    }
  });

  test('one line sums it up', async () => {
    fill();
    const result = await runCli(['sync', at.place.rules]);
    expect(result.stderr).toMatch(/^sync: 3 listed, 3 copied \(11 B\), 0 skipped, 0 failed in /m);
  });
});
