import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const inHouse = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

interface Threat {
  readonly threat: string;
  readonly file: string;
  readonly title: string;
}

/** The rows of README's threat model: threat, what is done, and `file`: title of its test. */
async function threats(): Promise<readonly Threat[]> {
  const readme = await readFile(inHouse('README.md'), 'utf8');
  const [, section = ''] = /^#+ Threat model\n(.*?)(?=^#+ |$(?![\s\S]))/ms.exec(readme) ?? [];
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).map((row) => {
    // A pipe within a cell is written `\|`.
    const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
    const [, file = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(cells[3] ?? '') ?? [];
    return { threat: cells[1] ?? '', file, title };
  });
}

/** Titles of tests in a file; quotes within them unescaped. */
function titlesIn(source: string): string[] {
  const calls = /\b(?:test|it)\(\s*(['"`])((?:\\.|(?!\1).)+)\1/gs;
  // The title of `each` comes behind its table, at the beginning of an argument list.
  const tables = /\)\(\s*(['"`])((?:\\.|(?!\1).)+)\1/gs;
  return [calls, tables].flatMap((pattern) =>
    Array.from(source.matchAll(pattern), ([, , title = '']) =>
      title.replaceAll(/\\(['"`])/g, '$1'),
    ),
  );
}

describe("README's threat model", () => {
  test('has a row for each threat, with the file and the title of a test', async () => {
    const rows = await threats();
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.filter(({ file, title }) => file === '' || title === '')).toEqual([]);
  });

  test('names only tests that exist, in files that this lane or the integration lane runs', async () => {
    const missing: string[] = [];
    for (const { file, title } of await threats()) {
      const source = await readFile(inHouse(file), 'utf8').catch(() => '');
      if (!titlesIn(source).includes(title)) missing.push(`${file}: ${title}`);
    }
    expect(missing).toEqual([]);
  });
});
