import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const inHouse = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

/** How many statements each seed system has: QingStor, OBS, OSS, Qiniu, BOS. */
const STATEMENTS = { Q: 15, H: 39, O: 18, K: 11, B: 36 } as const;

const IDS = Object.entries(STATEMENTS).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
);

interface Row {
  readonly id: string;
  /** Tests as `file`: title, or in words who shows it. */
  readonly shownBy: readonly string[];
}

async function rows(): Promise<readonly Row[]> {
  const text = await readFile(inHouse('test/seeds.md'), 'utf8');
  const lines = text.split('\n').filter((line) => /^\| [A-Z]\d/.test(line));
  return lines.map((line) => {
    // A pipe within a cell is written `\|`.
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
    return { id: cells[1] ?? '', shownBy: (cells[2] ?? '').split('<br>') };
  });
}

/** File and title of a test that a row names; undefined for words. */
function named(part: string): { readonly file: string; readonly title: string } | undefined {
  const [, file, title] = /^`(test\/[^`]+)`: (.+)$/.exec(part) ?? [];
  return file === undefined || title === undefined ? undefined : { file, title };
}

/** Titles of tests, and the first cells or `title` fields of their tables; quotes within them unescaped. */
function titlesIn(source: string): string[] {
  const titles = /(?:\b(?:test|it)\(|\)\(|\[|\btitle:)\s*(['"`])((?:\\.|(?!\1).)+)\1/gs;
  return Array.from(source.matchAll(titles), ([, , title = '']) =>
    title.replaceAll(/\\(['"`\\])/g, '$1'),
  );
}

describe('the list of the seeds', () => {
  test('has each of the 119 statements once, in order', async () => {
    expect(IDS).toHaveLength(119);
    expect((await rows()).map(({ id }) => id)).toEqual(IDS);
  });

  test('says of each which test shows it, or who else does, or why nobody can', async () => {
    const words = /^vendor: .{10}/;
    const silent = (await rows()).filter(({ shownBy }) =>
      shownBy.some((part) => named(part) === undefined && !words.test(part)),
    );
    expect(silent).toEqual([]);
  });

  test('promises nothing that is to come', async () => {
    expect(await readFile(inHouse('test/seeds.md'), 'utf8')).not.toMatch(/to come/i);
  });

  test('names only tests that exist and whose titles start with the ID', async () => {
    const wrong: string[] = [];
    for (const { id, shownBy } of await rows()) {
      for (const part of shownBy) {
        const one = named(part);
        if (one === undefined) continue;
        const source = await readFile(inHouse(one.file), 'utf8').catch(() => '');
        const startsWithId = new RegExp(`^(?:[QHOKB]\\d+ )*${id}[ :]`).test(one.title);
        if (!startsWithId || !titlesIn(source).includes(one.title)) wrong.push(`${id}: ${part}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
