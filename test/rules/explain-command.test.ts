import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import type { Surroundings } from '../../src/cli/surroundings.ts';
import type { Explanation } from '../../src/rules/explain-key.ts';
import { fakeClock } from '../support/fake-clock.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'explain-'));
  await writeFile(
    path.join(folder, 'rules.yaml'),
    `version: 1
bucket: { url: "file:./bucket" }
rules:
  - id: gold
    match: { headers: [{ name: x-tier, equals: gold }], hosts: { allow: [cdn.example] } }
    request: { passQuery: true, headers: { pass: [accept] } }
    origins: { masters: [https://gold.example/] }
  - id: rest
    match: { methods: [GET] }
    origins: { masters: [https://o.example/] }
`,
  );
});

afterAll(() => rm(folder, { recursive: true }));

async function explained(...args: string[]): Promise<string> {
  const stdout = new PassThrough();
  const surroundings: Surroundings = {
    env: {},
    cwd: folder,
    stdin: Readable.from([]),
    stdout,
    stderr: new PassThrough().resume(),
    pid: 1,
    host: 'h',
    clock: fakeClock(),
    steadyClock: fakeClock(),
    busyShare: () => () => 0,
    onBoundary: () => undefined,
    exitNow: () => undefined,
    onSignal: () => () => undefined,
    onReload: () => () => undefined,
  };
  let code: number | undefined;
  const program = buildProgram(surroundings, (exit) => (code = exit));
  await program.parseAsync(['node', 'bucketfill', 'explain', 'rules.yaml', ...args]);
  expect(code).toBe(0);
  stdout.end();
  return Buffer.concat(await Readable.from(stdout).toArray()).toString();
}

async function json(...args: string[]): Promise<readonly Explanation[]> {
  return JSON.parse(await explained(...args, '--json')) as readonly Explanation[];
}

describe('bucketfill explain', () => {
  test('takes method, headers and query of the request', async () => {
    const request = ['--header', 'X-Tier: gold', '--header', 'Host: cdn.example:80'];
    expect(await json('a b', ...request, '--header', 'accept:  */* ', '--query', '?v=1')).toEqual([
      {
        key: 'a b',
        rule: 'gold',
        source: 'file',
        action: 'mirror',
        originUrls: ['https://gold.example/a%20b?v=1'],
        requestHeaders: { accept: '*/*' },
        storedKey: null,
        redirect: null,
        reason: expect.stringContaining('the header x-tier is `gold`') as string,
      },
    ]);
    const [plain] = await json('a');
    expect(plain).toMatchObject({ rule: 'rest', storedKey: 'a', requestHeaders: {} });
    const [head] = await json('a', '--method', 'head');
    expect(head?.rule).toBeNull();
    expect(head).not.toHaveProperty('originUrls');
  });

  test('takes a method in any letter case', async () => {
    expect((await json('a', '--method', 'get'))[0]?.rule).toBe('rest');
  });

  test('gives a header that comes twice as one', async () => {
    const request = ['--header', 'x-tier: gold', '--header', 'host: cdn.example'];
    const [only] = await json(
      'a',
      ...request,
      '--header',
      'accept: a/b',
      '--header',
      'Accept: c/d',
    );
    expect(only?.requestHeaders).toEqual({ accept: 'a/b, c/d' });
  });

  test('gives many keys as a table', async () => {
    const lines = (await explained('a', 'b/c', '--table')).split('\n');
    expect(lines.slice(0, 3).map((line) => line.split(/ +/).slice(0, 4).join(' '))).toEqual([
      'KEY RULE ACTION STORED',
      'a rest mirror a',
      'b/c rest mirror b/c',
    ]);
  });

  test.each(['nonsense', ': x', 'a b: c', 'x: a\u0007'])(
    'refuses the header line %j',
    async (line) => {
      await expect(explained('a', '--header', line)).rejects.toMatchObject({ kind: 'usage' });
    },
  );
});
