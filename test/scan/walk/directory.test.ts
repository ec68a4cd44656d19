import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { WalkStep } from '../../../src/model/walk.ts';
import { directoryWalk } from '../../../src/scan/walk/directory.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-walk-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function steps(at: string): Promise<WalkStep[]> {
  const found: WalkStep[] = [];
  const signal = new AbortController().signal;
  for await (const piece of directoryWalk(root, () => 77).walk({ at, prefix: at }, signal)) {
    expect(piece.asOfMs).toBe(77);
    expect(piece.links).toBe(piece.steps.length);
    found.push(...piece.steps);
  }
  return found.toSorted((one, other) => (told(one) < told(other) ? -1 : 1));
}

function told(step: WalkStep): string {
  if (step.kind === 'object') return `object ${step.originKey}`;
  return step.kind === 'place' ? `place ${step.place.at}` : `${step.reason} ${step.link}`;
}

it('files come with size and date, folders as places, and the rest with its reason', async () => {
  await mkdir(path.join(root, 'sub/empty'), { recursive: true });
  await writeFile(path.join(root, 'sub/new\nline %2F é.txt'), 'four');
  await utimes(path.join(root, 'sub/new\nline %2F é.txt'), 1, 1_700_000_000.5);
  await writeFile(path.join(root, 'sub/really \ufffd'), '');
  await mkdir(path.join(root, 'sub/folder \ufffd'));
  await symlink('..', path.join(root, 'sub/up'));
  await symlink('nowhere', path.join(root, 'sub/dangling'));
  const found = await steps('sub/');
  expect(found.map(told)).toEqual([
    'object sub/new\nline %2F é.txt',
    'object sub/really \ufffd',
    'place sub/empty/',
    'place sub/folder \ufffd/',
    'symlink dangling',
    'symlink up',
  ]);
  expect(found[0]).toMatchObject({ size: 4, lastModifiedMs: 1_700_000_000_500, resolutionMs: 1 });
});

it('names that are not UTF-8 are passed over, files and folders', async () => {
  await writeFile(Buffer.concat([Buffer.from(`${root}/bad`), Buffer.from([0xff])]), '');
  await mkdir(Buffer.concat([Buffer.from(`${root}/folder`), Buffer.from([0xfe])]));
  expect((await steps('')).map(told)).toEqual(['not-utf8 bad\ufffd', 'not-utf8 folder\ufffd']);
});

it('a thousand entries come in pieces, and none twice', async () => {
  const names = Array.from({ length: 1000 }, (_, index) => `f${index}`);
  await Promise.all(names.map((name) => writeFile(path.join(root, name), '')));
  expect(new Set((await steps('')).map(told)).size).toBe(1000);
});

it('a folder that can not be read is a failure', async () => {
  await expect(steps('missing/')).rejects.toMatchObject({ code: 'ORIGIN_NOT_FOUND' });
  await writeFile(path.join(root, 'file'), '');
  await expect(steps('file/')).rejects.toMatchObject({ code: 'ORIGIN_NOT_FOUND' });
});

/** Steps of the root by a clock of the test's own. */
async function stepsBy(now: () => number): Promise<WalkStep[]> {
  const found: WalkStep[] = [];
  const { signal } = new AbortController();
  const walk = directoryWalk(root, now);
  for await (const piece of walk.walk({ at: '', prefix: '' }, signal)) found.push(...piece.steps);
  return found;
}

it('a slow file system gives the same steps in the same order', async () => {
  await mkdir(path.join(root, 'sub'));
  await symlink('..', path.join(root, 'up'));
  const names = Array.from({ length: 700 }, (_, index) => `f${index}`);
  await Promise.all(names.map((name) => writeFile(path.join(root, name), name)));
  let nowMs = 0;
  const slow = await stepsBy(() => (nowMs += 5));
  expect(slow).toHaveLength(702);
  expect(slow).toEqual(await stepsBy(() => 0));
});

it('a file that goes after its folder was read has vanished', async () => {
  await writeFile(path.join(root, 'a'), '');
  let asks = 0;
  const found = await stepsBy(() => {
    asks += 1;
    // The first time is when the listing begins, the second when the looks do.
    if (asks === 2) rmSync(path.join(root, 'a'));
    return 0;
  });
  expect(found.map(told)).toEqual(['vanished a']);
});
