import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { expect, test } from 'vitest';
import * as YAML from 'yaml';

const BUNDLE = fileURLToPath(new URL('../../dist/bundle/', import.meta.url));

/** The file of a part, whose name ends in eight characters of a digest, of which - may be one. */
async function fileOf(part: string): Promise<string> {
  const found = (await readdir(BUNDLE)).find((file) =>
    new RegExp(`^${part}-[\\w-]{8}\\.js$`).test(file),
  );
  return found ?? `no part called ${part}`;
}

async function importsOf(file: string): Promise<string[]> {
  const source = await readFile(path.join(BUNDLE, file), 'utf8');
  const statements = source.matchAll(/^import (?:[^;]*? from )?"\.\/([^"]+)";$/gm);
  return Array.from(statements, ([, imported = '']) => imported);
}

async function loadedWith(file: string, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(file)) return found;
  found.add(file);
  for (const imported of await importsOf(file)) await loadedWith(imported, found);
  return found;
}

test('a run into a store loads a handful of files, as each of them delays its start', async () => {
  const loaded = await loadedWith(await fileOf('run'));
  await loadedWith(await fileOf('store'), loaded);

  expect(loaded).toContain('main.js');
  expect(loaded.size).toBeLessThanOrEqual(7);
});

test('a scan loads as few, and no store', async () => {
  const loaded = await loadedWith(await fileOf('walk'));

  expect(loaded.size).toBeLessThanOrEqual(7);
  expect(loaded).not.toContain(await fileOf('store'));
});

test('help and checks of rules load nothing of a run', async () => {
  const loaded = await loadedWith(await fileOf('check'));

  expect([...loaded].map((file) => file.replace(/-[\w-]{8}\.js$/, ''))).toEqual(
    expect.arrayContaining(['check', 'rules', 'main.js']),
  );
  expect(loaded).not.toContain(await fileOf('run'));
  expect(loaded).not.toContain(await fileOf('common'));
});

test.each(['sqlite-worker.js', 'shared-worker.js', 'digest-worker.js'])(
  'the thread %s is one file and loads nothing of the program',
  async (thread) => {
    expect([...(await loadedWith(thread))]).toEqual([thread]);
  },
);

/** What people write, and what they get wrong. */
const TEXTS = [
  'a: 1\na: 2\n',
  'a: &x [1, *x]\nb: !own 1\n',
  'a: [1, 2\nb: }\n',
  'k: |\n  text\n  more\nd: "\\u00e9\\x41 \\q"\n? [x]\n: y\n',
  '%YAML 1.1\n---\non: yes\nn: 0o17\nt: 2026-11-22\n...\n---\nsecond: 1\n',
  '\tbad: indent\n  - x\n -y\n',
];

async function rulesFiles(): Promise<string[]> {
  const samples = fileURLToPath(new URL('../../samples/', import.meta.url));
  const files = (await readdir(samples, { recursive: true })).filter((file) => /ya?ml$/.test(file));
  return Promise.all(files.map((file) => readFile(path.join(samples, file), 'utf8')));
}

function isYaml(found: unknown): found is typeof YAML {
  return typeof found === 'object' && found !== null && 'parseDocument' in found;
}

function readBy({ LineCounter, parseDocument }: typeof YAML, text: string): unknown {
  const document = parseDocument(text, { lineCounter: new LineCounter(), prettyErrors: false });
  const problems = [...document.errors, ...document.warnings];
  return {
    problems: problems.map(({ code, message, pos }) => ({ code, message, pos })),
    contents: JSON.stringify(document.contents),
  };
}

test('YAML reads the same in the bundle, where it is another build, as in tests', async () => {
  const file = new URL('../../node_modules/yaml/browser/dist/index.js', import.meta.url);
  const bundled: unknown = await import(file.href);
  const texts = [...TEXTS, ...(await rulesFiles())];

  expect(texts.length).toBeGreaterThan(12);
  for (const text of texts) {
    expect(isYaml(bundled) && readBy(bundled, text)).toEqual(readBy(YAML, text));
  }
});

test('every file is ASCII: one other character would have V8 keep two bytes for each', async () => {
  const files = (await readdir(BUNDLE)).filter((file) => file.endsWith('.js'));
  const texts = await Promise.all(files.map((file) => readFile(path.join(BUNDLE, file))));

  expect(files.filter((_, at) => texts[at]?.some((byte) => byte > 0x7f))).toEqual([]);
});
