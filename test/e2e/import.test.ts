import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';

const SAMPLES = fileURLToPath(new URL('../../samples/vendors/', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-import-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('a file becomes rules on stdout, and its warnings go to stderr', async () => {
  const run = await runCli(['import', 'obs', path.join(SAMPLES, 'obs.json')]);
  expect(run.code).toBe(0);
  expect(run.stdout).toBe(await readFile(path.join(SAMPLES, 'obs.yaml'), 'utf8'));
  expect(run.stderr).toContain('obs.json: rules[0].redirect.agency: warning: dropped');
});

test('stdin becomes a file that check and explain take, with the bucket that was asked for', async () => {
  const rules = path.join(folder, 'rules.yaml');
  const stdin = await readFile(path.join(SAMPLES, 'oss.xml'));
  const args = ['import', 'oss', '-', '--bucket', 's3://media', '-o', rules];
  const run = await runCli(args, { stdin });
  expect([run.code, run.stdout]).toEqual([0, '']);
  expect(await readFile(rules, 'utf8')).toContain('url: s3://media\n');
  expect((await runCli(['check', rules])).code).toBe(0);
  const explained = await runCli(['explain', rules, 'some/key', '--json']);
  expect(explained.stdout).toContain('http://o.example/prefix/some/key');
});

test.each([
  ['an unknown vendor', ['import', 'acme', 'x.json'], 'acme'],
  ['a file that is not there', ['import', 'obs', 'nowhere.json'], 'nowhere.json: no such file'],
  ['a directory', ['import', 'obs', '.'], 'is a directory'],
  ['a bucket that cannot be', ['import', 'obs', 'obs.json', '--bucket', 'media'], '--bucket: '],
  [
    'an output that cannot be',
    ['import', 'obs', 'obs.json', '-o', 'no/where.yaml'],
    'no/where.yaml',
  ],
])('%s is exit 2 and one line', async (_name, args, words) => {
  await writeFile(path.join(folder, 'obs.json'), await readFile(path.join(SAMPLES, 'obs.json')));
  await writeFile(path.join(folder, 'x.json'), '{}');
  const run = await runCli(args, { cwd: folder });
  expect([run.code, run.stdout]).toEqual([2, '']);
  expect(run.stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(run.stderr).toContain(words);
});

test.each([
  ['GBK', Uint8Array.from([0x7b, 0xd6, 0xd0, 0x7d])],
  ['UTF-16', Uint8Array.from([0xff, 0xfe, 0x7b, 0x00])],
])('text that is %s is told as not being UTF-8', async (_name, bytes) => {
  const run = await runCli(['import', 'obs', '-'], { stdin: bytes });
  expect(run.code).toBe(2);
  expect(run.stderr).toBe('bucketfill: stdin: is not UTF-8 text; convert it first\n');
});

test.each([
  ['a device without end', '/dev/zero'],
  ['stdin', '-'],
])('%s is read up to a limit', async (_name, file) => {
  const stdin = new Uint8Array(9 * 1024 * 1024).fill(32);
  const run = await runCli(['import', 'obs', file], { stdin });
  expect([run.code, run.stdout]).toEqual([2, '']);
  expect(run.stderr).toContain('too large; a vendor');
});

test('a field that stands twice is exit 2, naming it and its line', async () => {
  const stdin = '{\n"rules": [],\n"rules": []\n}';
  const run = await runCli(['import', 'obs', '-'], { stdin });
  expect([run.code, run.stdout]).toEqual([2, '']);
  expect(run.stderr).toBe('bucketfill: stdin: `rules` stands twice (line 3); keep one\n');
});

test('both replacements of a key are exit 2, naming both', async () => {
  const sample = await readFile(path.join(SAMPLES, 'obs.json'), 'utf8');
  const stdin = sample.replace(
    '"replaceKeyPrefixWith"',
    '"replaceKeyWith": "a${key}", "replaceKeyPrefixWith"',
  );
  const run = await runCli(['import', 'obs', '-'], { stdin });
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('`replaceKeyWith` and `replaceKeyPrefixWith`');
});

test('the help has examples, the vendors and the exit codes', async () => {
  const { stdout } = await runCli(['import', '--help']);
  for (const words of ['Examples:', 'Exit codes:', 's3-website', 'sippy']) {
    expect(stdout).toContain(words);
  }
});
