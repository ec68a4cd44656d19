import { readdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ChangingSite, startChangingSite } from '../support/changing-site.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { outcomes } from '../support/sync-stage.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const KEYS = ['a/1', 'a/2', 'b/1', 'top'];

let site: ChangingSite;
let place: Workplace;

beforeEach(async () => {
  site = await startChangingSite();
  for (const key of KEYS) site.put(key, key);
  place = await workplace(rulesFor([site.url]));
  // Nobody answers there: a rule that is not meant needs no origin.
  await place.writeRules(`version: 1
allowPrivate: true
bucket: { url: file:./bucket }
rules:
  - { id: a, match: { keyPrefix: a/ }, origins: { masters: ["${site.url}"] } }
  - { id: rest, origins: { masters: ["http://127.0.0.1:1/"] } }
`);
  await writeFile(place.keys, `${KEYS.join('\n')}\n`);
});

afterEach(async () => {
  await site.close();
  await place.remove();
});

function run(command: string, ...args: readonly string[]): Promise<CliResult> {
  return runCli([command, place.rules, '--json', ...args]);
}

async function inBucket(): Promise<readonly string[]> {
  const names = await readdir(place.bucket, { recursive: true });
  return names.filter((name) => /^(a|b)\/|^top$/.test(name)).sort();
}

const OTHERS = { 'b/1': 'skipped:filtered', top: 'skipped:filtered' };

describe('--rule', () => {
  test.each(['1', '2'])('migrate of a list, with %s threads, tells the rest', async (workers) => {
    const first = await run('migrate', '--keys', place.keys, '--rule', 'a', '--workers', workers);
    expect(first.code).toBe(0);
    expect(outcomes(first)).toEqual({ 'a/1': 'copied', 'a/2': 'copied', ...OTHERS });
    expect(await inBucket()).toEqual(['a/1', 'a/2']);
    expect(first.stderr).toContain('only keys that these let through: --rule a');
    expect(first.objects.find((event) => 'key' in event && event.key === 'top')).toEqual({
      event: 'object',
      key: 'top',
      outcome: 'skipped',
      rule: 'rest',
      reason: 'filtered',
    });
  });

  test('is part of the job, whatever the order of the ids', async () => {
    // The other rule's origin has to answer before the states are compared.
    await place.writeRules(
      (await readFile(place.rules, 'utf8')).replace('127.0.0.1:1/', new URL(site.url).host + '/'),
    );
    const ofList = ['migrate', place.rules, '--keys', place.keys];
    await runCli([...ofList, '--rule', 'a']);
    const other = await runCli([...ofList, '--rule', 'rest', '--rule', 'a']);
    expect(other.code).toBe(6);
    expect(other.stderr).toContain('--rule was ["a"], now it is ["a","rest"]');
    expect((await runCli([...ofList, '--rule', 'a', '--rule', 'a'])).code).toBe(0);
  });

  test('migrate of a scan walks that rule alone', async () => {
    const result = await run('migrate', '--rule', 'a');
    expect(result.code).toBe(0);
    expect(outcomes(result)).toEqual({ 'a/1': 'copied', 'a/2': 'copied' });
    expect(site.asked).not.toContain('GET b/');
  });

  test('and a filter: a key needs both', async () => {
    const result = await run('migrate', '--keys', place.keys, '--rule', 'a', '--exclude', '*/2');
    expect(result.code).toBe(0);
    expect(outcomes(result)).toEqual({ 'a/1': 'copied', 'a/2': 'skipped:filtered', ...OTHERS });
  });

  test('prefetch', async () => {
    const result = await run('prefetch', ...KEYS, 'no//../key\u0000', '--rule', 'a');
    expect(outcomes(result)).toMatchObject({ 'a/1': 'copied', 'a/2': 'copied', ...OTHERS });
    expect(await inBucket()).toEqual(['a/1', 'a/2']);
  });

  test('of an id that no rule has', async () => {
    for (const args of [['migrate'], ['migrate', '--keys', place.keys], ['prefetch', 'a/1']]) {
      const [command = '', ...more] = args;
      const result = await run(command, ...more, '--rule', 'nope');
      expect(result.code).toBe(2);
      expect(result.stderr).toContain('--rule: no rule has the id nope');
    }
    expect(site.asked).toEqual([]);
  });

  test('is told by status, and the gate says what it means', async () => {
    await run('sync', '--rule', 'a', '--job', 'nightly');
    const told = await runCli(['status', place.rules, '--job', 'nightly']);
    expect(told.stdout).toContain('only keys that these let through: --rule a');
    const gate = await runCli(['status', place.rules, '--gate']);
    expect(gate.stderr).toMatch(/job nightly left keys out \(--rule a\)/);
  });
});
