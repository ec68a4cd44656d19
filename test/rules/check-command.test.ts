import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { check, type CheckOptions } from '../../src/cli/commands/check.ts';
import { fakeClock } from '../support/fake-clock.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'check-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Exit code and stderr of a check of two rules with these matches. */
async function checked(
  matches: readonly string[],
  options: CheckOptions,
): Promise<{ readonly code: number; readonly said: string }> {
  const rules = matches.map(
    (match, index) => `  - { id: r${String(index)}, action: "off", match: { ${match} } }`,
  );
  const text = `version: 1\nbucket: { url: "file:./bucket" }\nrules:\n${rules.join('\n')}\n`;
  await writeFile(path.join(folder, 'rules.yaml'), text);
  const stderr = new PassThrough();
  const code = await check('rules.yaml', options, {
    env: {},
    cwd: folder,
    stdin: Readable.from([]),
    stdout: new PassThrough().resume(),
    stderr,
    pid: 1,
    host: 'h',
    clock: fakeClock(),
    steadyClock: fakeClock(),
    busyShare: () => () => 0,
    onBoundary: () => undefined,
    exitNow: () => undefined,
    onSignal: () => () => undefined,
    onReload: () => () => undefined,
  });
  stderr.end();
  return { code, said: Buffer.concat(await Readable.from(stderr).toArray()).toString() };
}

describe('bucketfill check', () => {
  test.each([
    ['overlap', ['keyPrefix: a/b/', 'keyPrefix: a/']],
    ['hide one another', ['keyPrefix: a/', 'keyPrefix: a/b/']],
  ])('lets rules pass that %s, unless they are to be disjoint', async (_words, matches) => {
    const lenient = await checked(matches, {});
    expect(lenient.code).toBe(0);
    expect(lenient.said).toContain('rules[1]: warning: ');
    const strict = await checked(matches, { strictDisjoint: true });
    expect(strict.code).toBe(2);
    expect(strict.said).toMatch(/^rules\.yaml:5:5 rules\[1\]: (?!warning)/);
  });

  test('leaves other warnings what they are where rules are to be disjoint', async () => {
    const { code, said } = await checked(['keyPrefix: a', 'keyPrefix: b'], {
      strictDisjoint: true,
    });
    expect(code).toBe(0);
    expect(said).toContain('warning: `a` also takes');
    expect((await checked(['keyPrefix: a', 'keyPrefix: b'], { strict: true })).code).toBe(2);
  });
});
