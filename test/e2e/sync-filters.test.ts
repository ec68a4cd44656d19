import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { outcomes, type SyncStage, syncStage } from '../support/sync-stage.ts';

let at: SyncStage;

beforeEach(async () => {
  at = await syncStage();
  for (const key of ['a/1', 'a/2.tmp', 'b/1', 'b/2.tmp']) at.site.put(key, key);
});

afterEach(() => at.close());

const DELETE = ['--delete', '--max-delete', '100%'];
/** The same job with another filter: what its last run left is set aside, the generations are not. */
const ANEW = ['--new-job'];
const ONLY_A = ['--prefix', 'a/'];
const NO_TMP = ['--exclude', '**/*.tmp'];
const NEXT_YEAR = Date.UTC(2021, 0, 1);

async function isStored(key: string): Promise<boolean> {
  return at.stored(key).then(
    () => true,
    () => false,
  );
}

describe('a sync with a filter', () => {
  test('copies what the filter lets through, tells the rest, and asks for nothing of it', async () => {
    const result = await at.sync(['--prefix', 'a/', ...NO_TMP]);
    expect(result.code).toBe(0);
    expect(outcomes(result)).toEqual({ 'a/1': 'copied', 'a/2.tmp': 'skipped:filtered' });
    expect(result.summary).toMatchObject({ listed: 2, copied: 1, skipped: 1, failed: 0 });
    expect(result.summary?.scan?.passed).toMatchObject({ filtered: 1, 'outside-prefix': 1 });
    expect(at.site.asked).not.toContain('GET b/');
    expect(at.filesAsked()).toEqual(['GET a/1']);
    expect(await isStored('b/1')).toBe(false);
  });

  test('again, with nothing new, asks for no file and leaves the generation as it was', async () => {
    await at.sync();
    await at.sync([...ONLY_A, ...ANEW]);
    const files = await at.generationFiles();
    const again = await at.sync(ONLY_A);
    expect(outcomes(again)).toEqual({
      'a/1': 'skipped:unchanged',
      'a/2.tmp': 'skipped:unchanged',
    });
    expect(at.filesAsked()).toEqual([]);
    expect(await at.generationFiles()).toEqual(files);
  });

  test('of another one than the job was begun with is another job, named in words', async () => {
    await at.sync(ONLY_A);
    const other = await at.sync(['--include', 'b/**', '--include', 'a/*']);
    expect(other.code).toBe(6);
    expect(other.stderr).toContain('--prefix was "a/", now it is absent');
    expect(other.stderr).toContain('--include was absent, now it is ["a/*","b/**"]');
    expect(other.stderr).toContain('--new-job');
    expect((await at.sync(ONLY_A)).code).toBe(0);
  });
});

describe('what a filter leaves out is never deleted', () => {
  test('not by the sync that leaves it out, although the origin has it no more', async () => {
    await at.sync();
    for (const key of ['a/1', 'b/1']) at.site.files.delete(key);
    const result = await at.sync([...ONLY_A, ...ANEW, ...DELETE]);
    expect(result.code).toBe(0);
    expect(result.summary?.deletes).toEqual({ planned: 1, kept: 0, failed: 0 });
    expect(outcomes(result)).toEqual({ 'a/1': 'deleted', 'a/2.tmp': 'skipped:unchanged' });
    expect(await isStored('b/1')).toBe(true);
    // The next one that is about it still knows that a sync has brought it.
    expect(outcomes(await at.sync([...ANEW, ...DELETE]))).toMatchObject({ 'b/1': 'deleted' });
  });

  test('not where an earlier sync had found it gone already', async () => {
    await at.sync();
    for (const key of ['a/1', 'b/1']) at.site.files.delete(key);
    expect((await at.sync()).stderr).toContain('2 objects are gone');
    const result = await at.sync([...ONLY_A, ...ANEW, ...DELETE]);
    expect(result.summary).toMatchObject({ deleted: 1, deletes: { planned: 1 } });
    expect([await isStored('a/1'), await isStored('b/1')]).toEqual([false, true]);
    const dry = await at.sync(['--prefix', 'a/', ...DELETE, '--dry-run']);
    expect(outcomes(dry)).toEqual({ 'a/2.tmp': 'skipped:unchanged' });
    expect(outcomes(await at.sync([...ANEW, ...DELETE]))).toMatchObject({ 'b/1': 'deleted' });
  });

  test('not by globs either: what they exclude stays, and what they include goes', async () => {
    await at.sync();
    at.site.files.clear();
    at.site.put('b/1', 'b/1');
    const included = await at.sync(['--include', 'a/**', ...NO_TMP, ...ANEW, ...DELETE]);
    expect(outcomes(included)).toEqual({ 'a/1': 'deleted', 'b/1': 'skipped:filtered' });
    expect(await isStored('a/2.tmp')).toBe(true);
    expect(await isStored('b/2.tmp')).toBe(true);
    const excluded = await at.sync(['--exclude', 'b/**', ...ANEW, ...DELETE]);
    expect(outcomes(excluded)).toEqual({ 'a/2.tmp': 'deleted', 'b/1': 'skipped:filtered' });
    expect(await isStored('b/2.tmp')).toBe(true);
  });

  test('and --max-delete is a share of what is let through', async () => {
    for (let index = 0; index < 40; index += 1) at.site.put(`b/more-${index}`, 'b');
    await at.sync();
    at.site.files.delete('a/1');
    const refused = await at.sync(['--include', 'a/**', ...ANEW, '--delete']);
    expect(refused.code).toBe(3);
    expect(refused.summary?.deletes?.refused).toContain('10%, which is 0 of 2');
    expect(await isStored('a/1')).toBe(true);
  });
});

test('of keys of other rules than --rule names nothing is deleted, and nothing is forgotten', async () => {
  const masters = `origins: { masters: ["${at.site.url}"] }`;
  await at.place.writeRules(`version: 1
allowPrivate: true
bucket: { url: file:./bucket }
rules:
  - { id: a, match: { keyPrefix: a/ }, ${masters} }
  - { id: rest, ${masters} }
`);
  await at.sync();
  for (const key of ['a/1', 'b/1']) at.site.files.delete(key);
  // It is known already that both are gone.
  expect((await at.sync()).stderr).toContain('2 objects are gone');
  const one = await at.sync(['--rule', 'a', ...ANEW, ...DELETE]);
  expect(outcomes(one)).toEqual({ 'a/1': 'deleted', 'a/2.tmp': 'skipped:unchanged' });
  expect(one.summary?.deletes).toEqual({ planned: 1, kept: 0, failed: 0 });
  expect(await isStored('b/1')).toBe(true);
  // The next one compares the rest with what the first has left, and knows whose it is.
  expect(outcomes(await at.sync([...ANEW, ...DELETE]))).toEqual({
    'a/2.tmp': 'skipped:unchanged',
    'b/1': 'deleted',
    'b/2.tmp': 'skipped:unchanged',
  });
  expect(at.filesAsked().filter((line) => line.startsWith('GET') && !line.includes('b/1'))).toEqual(
    [],
  );
});

describe('syncs with and without filters in turn', () => {
  test('none, one, none: nothing is copied twice, looked at without need, or deleted wrongly', async () => {
    await at.sync();
    at.site.put('a/1', 'A/1', NEXT_YEAR);
    at.site.put('b/1', 'B/1', NEXT_YEAR);
    at.site.put('a/new', 'new');
    expect(outcomes(await at.sync([...ONLY_A, ...ANEW]))).toEqual({
      'a/1': 'copied',
      'a/2.tmp': 'skipped:unchanged',
      'a/new': 'copied',
    });
    expect(await at.stored('b/1')).toBe('b/1');
    const whole = await at.sync([...ANEW, ...DELETE]);
    expect(outcomes(whole)).toEqual({
      'a/1': 'skipped:unchanged',
      'a/2.tmp': 'skipped:unchanged',
      'a/new': 'skipped:unchanged',
      'b/1': 'copied',
      'b/2.tmp': 'skipped:unchanged',
    });
    expect(whole.summary?.deletes).toEqual({ planned: 0, kept: 0, failed: 0 });
    expect(at.filesAsked()).toEqual(['GET b/1']);
  });

  test('one first: the next without any looks at the rest, and deletes nothing of it', async () => {
    await at.sync(ONLY_A);
    await writeFile(path.join(at.place.bucket, 'theirs'), 'theirs');
    const whole = await at.sync([...ANEW, ...DELETE]);
    expect(outcomes(whole)).toEqual({
      'a/1': 'skipped:unchanged',
      'a/2.tmp': 'skipped:unchanged',
      'b/1': 'copied',
      'b/2.tmp': 'copied',
    });
    expect(await isStored('theirs')).toBe(true);
    at.site.files.delete('b/1');
    expect(outcomes(await at.sync(DELETE))).toMatchObject({ 'b/1': 'deleted' });
  });

  test('what a filtered sync has brought, an unfiltered one deletes when it is gone', async () => {
    await at.sync();
    at.site.put('a/new', 'new');
    await at.sync([...ONLY_A, ...ANEW]);
    at.site.files.delete('a/new');
    expect(outcomes(await at.sync([...ANEW, ...DELETE]))).toMatchObject({ 'a/new': 'deleted' });
  });

  test('what one filter has deleted is no news to the next, and comes back when it is there again', async () => {
    await at.sync();
    at.site.files.delete('a/1');
    await at.sync([...ONLY_A, ...ANEW, ...DELETE]);
    const other = await at.sync([...NO_TMP, ...ANEW, ...DELETE]);
    expect(other.summary?.deletes).toEqual({ planned: 0, kept: 0, failed: 0 });
    expect(outcomes(other)['b/1']).toBe('skipped:unchanged');
    at.site.put('a/1', 'a/1');
    expect(outcomes(await at.sync([...ANEW, ...DELETE]))).toMatchObject({ 'a/1': 'copied' });
  });

  test('a key that failed under a filter is tried again by the sync without one', async () => {
    await at.sync();
    at.site.put('a/1', 'A/1', NEXT_YEAR);
    at.site.statuses.set('a/1', 404);
    expect((await at.sync([...ONLY_A, ...ANEW])).code).toBe(3);
    at.site.statuses.clear();
    expect(outcomes(await at.sync(ANEW))).toMatchObject({ 'a/1': 'copied' });
  });

  test('a filter that is given up half-way leaves what the next one needs', async () => {
    await at.sync();
    at.site.put('a/1', 'A/1', NEXT_YEAR);
    at.site.put('a/3', 'A/3');
    at.site.files.delete('b/1');
    const killAt = { boundary: 'plan.saved', time: 1 };
    expect((await at.sync([...ONLY_A, ...ANEW], { killAt })).code).toBeNull();
    const whole = await at.sync([...ANEW, ...DELETE]);
    expect(outcomes(whole)).toEqual({
      'a/1': 'copied',
      'a/2.tmp': 'skipped:unchanged',
      'a/3': 'copied',
      'b/1': 'deleted',
      'b/2.tmp': 'skipped:unchanged',
    });
  });

  test('and one that was interrupted goes on as it was planned', async () => {
    await at.sync();
    for (const key of ['a/1', 'b/1']) at.site.files.delete(key);
    at.site.put('a/3', 'A/3');
    const killAt = { boundary: 'plan.saved', time: 1 };
    const args = [...ONLY_A, ...NO_TMP, ...DELETE];
    expect((await at.sync([...args, ...ANEW], { killAt })).code).toBeNull();
    const resumed = await at.sync(args);
    expect(resumed.code).toBe(0);
    expect(outcomes(resumed)).toEqual({ 'a/1': 'deleted', 'a/3': 'copied' });
    expect(resumed.summary?.carried).toMatchObject({ listed: 1, skipped: 1 });
    expect(await isStored('b/1')).toBe(true);
  });
});

test('an origin folder that is gone as a whole deletes only what is below the prefix', async () => {
  await at.sync();
  at.site.files.clear();
  at.site.put('c/1', 'c/1');
  const result = await at.sync([...ONLY_A, ...ANEW, ...DELETE]);
  expect(outcomes(result)).toEqual({ 'a/1': 'deleted', 'a/2.tmp': 'deleted' });
  expect([await isStored('b/1'), await isStored('b/2.tmp')]).toEqual([true, true]);
});
