import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LastRun, readLastRun, writeLastRun } from '../../src/checkpoint/last-run.ts';
import { summaryOf, tempFolder } from '../report/run-report/made-job.ts';

const BEGUN: LastRun = {
  command: 'migrate',
  started: '2026-11-20T04:00:00.000Z',
  ended: null,
  interrupted: false,
  summary: null,
};

let folder: Awaited<ReturnType<typeof tempFolder>>;
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(() => folder.remove());

describe('what the last run left about itself', () => {
  it('is read as it was written, the last writing alone, and nothing is left beside it', async () => {
    await writeLastRun(folder.path, BEGUN);
    expect(await readLastRun(folder.path)).toEqual(BEGUN);
    const ended = {
      ...BEGUN,
      ended: '2026-11-20T04:01:00.000Z',
      summary: summaryOf({ listed: 2 }),
    };
    await writeLastRun(folder.path, ended);
    expect(await readLastRun(folder.path)).toEqual(ended);
    expect(await readdir(folder.path)).toEqual(['last-run.json']);
    expect(await readFile(path.join(folder.path, 'last-run.json'), 'utf8')).toMatch(/^\{.*\}\n$/);
  });

  it.each([
    ['nothing', undefined],
    ['no JSON', '{"command":'],
    ['another thing', '[]'],
    ['a time that is none', JSON.stringify({ ...BEGUN, started: 'soon' })],
  ])('is nothing where the file holds %s', async (_, text) => {
    if (text !== undefined) await writeFile(path.join(folder.path, 'last-run.json'), text);
    expect(await readLastRun(folder.path)).toBeUndefined();
  });

  it('is told where it can not be written', async () => {
    await mkdir(path.join(folder.path, 'last-run.json'));
    await expect(writeLastRun(folder.path, BEGUN)).rejects.toMatchObject({
      kind: 'state-unusable',
    });
    expect(await readdir(folder.path)).toEqual(['last-run.json']);
  });
});
