import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { expect, test } from 'vitest';

const BUNDLE = fileURLToPath(new URL('../../dist/bundle/', import.meta.url));

/** The file of a part, whose name ends in a digest. */
async function fileOf(part: string): Promise<string> {
  const found = (await readdir(BUNDLE)).find((file) =>
    new RegExp(`^${part}-[^-]+\\.js$`).test(file),
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

test('help and checks of rules load nothing of a run', async () => {
  const loaded = await loadedWith(await fileOf('check'));

  expect([...loaded].map((file) => file.replace(/-[^-]+\.js$/, ''))).toEqual(
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
