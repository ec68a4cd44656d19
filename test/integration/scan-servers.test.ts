import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScanTotals } from '../../src/model/event.ts';
import { runCli } from '../support/run-cli.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';
import { type IndexServers, startIndexServers } from './index-servers.ts';
import { DOT_NAMES, makeOddTree, MODIFIED_MS, oddSizes } from './odd-tree.ts';

interface Line {
  readonly key: string;
  readonly size?: number;
  readonly lastModified?: string;
  readonly lastModifiedAbout?: string;
}

/** Which facts a style gives of every file, and whether it hides names that begin with a dot. */
interface Style {
  readonly style: string;
  readonly sizes: 'all' | 'some' | 'none';
  readonly date: string | undefined;
  readonly hidesDots: boolean;
}

const MINUTE = '2024-02-29T23:59Z';
const SECOND = new Date(MODIFIED_MS).toISOString();

const STYLES: readonly Style[] = [
  { style: 'nginx html', sizes: 'all', date: MINUTE, hidesDots: true },
  { style: 'nginx rounded', sizes: 'all', date: MINUTE, hidesDots: true },
  { style: 'nginx json', sizes: 'all', date: SECOND, hidesDots: true },
  { style: 'nginx xml', sizes: 'all', date: SECOND, hidesDots: true },
  { style: 'apache plain', sizes: 'none', date: undefined, hidesDots: false },
  { style: 'apache fancy', sizes: 'some', date: undefined, hidesDots: false },
  { style: 'apache table', sizes: 'none', date: undefined, hidesDots: false },
  { style: 'apache xhtml', sizes: 'none', date: undefined, hidesDots: false },
  { style: 'lighttpd', sizes: 'none', date: undefined, hidesDots: false },
  { style: 'caddy', sizes: 'all', date: SECOND, hidesDots: false },
  { style: 'python', sizes: 'none', date: undefined, hidesDots: false },
];

let folder: string;
let servers: IndexServers;
let at: Workplace;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-indexes-'));
  const tree = path.join(folder, 'tree');
  await makeOddTree(tree);
  servers = await startIndexServers(folder, tree);
  at = await workplace(rulesFor([]));
});

afterAll(async () => {
  await servers.stop();
  await at.remove();
  await rm(folder, { recursive: true, force: true });
});

/** A size that is there is right; which ones are is told by the style. */
function checkSizes(
  expected: readonly (readonly [string, number])[],
  found: ReadonlyMap<string, Line>,
  sizes: Style['sizes'],
): void {
  const sized = expected.filter(([key, size]) => found.get(key)?.size === size);
  const unsized = expected.filter(([key]) => found.get(key)?.size === undefined);
  expect(sized.length + unsized.length).toBe(expected.length);
  if (sizes !== 'some') expect(sized).toHaveLength(sizes === 'all' ? expected.length : 0);
  else expect(Math.min(sized.length, unsized.length)).toBeGreaterThan(0);
}

function checkAccounts(scan: ScanTotals | undefined, keys: number): void {
  if (scan === undefined) throw new Error('there is no summary');
  const passed = Object.values(scan.passed).reduce((sum, count) => sum + count, 0);
  expect(scan).toMatchObject({ keys, listingErrors: 0 });
  expect(scan.keys + scan.places + passed).toBe(scan.links);
}

describe.each(STYLES)('$style', ({ style, sizes, date, hidesDots }) => {
  it('every key of the odd tree is found, by its own name, and no other', async () => {
    const name = style.replace(' ', '-');
    const file = path.join(at.folder, `${name}.jsonl`);
    await at.writeRules(rulesFor([servers.urls[style] ?? '']));
    const result = await runCli(['scan', at.rules, '-o', file, '--json', '--job', name]);
    expect([result.code, result.stderr.includes('not-utf8')]).toEqual([0, true]);
    const text = await readFile(file, 'utf8');
    const lines = text.split('\n').slice(0, -1);
    const found = new Map(
      lines.map((line) => JSON.parse(line) as Line).map((line) => [line.key, line]),
    );
    expect(found.size).toBe(lines.length);
    const expected = [...oddSizes()].filter(([key]) => !hidesDots || !DOT_NAMES.includes(key));
    expect([...found.keys()].toSorted()).toEqual(expected.map(([key]) => key).toSorted());
    checkSizes(expected, found, sizes);
    for (const line of found.values()) {
      expect(line.lastModified ?? line.lastModifiedAbout).toBe(date);
      expect(line.lastModifiedAbout === undefined).toBe(date !== MINUTE);
    }
    checkAccounts(result.summary?.scan, expected.length);
  });
});

it('what is found at nginx is what migrate copies: no key fails', async () => {
  const file = path.join(at.folder, 'all.jsonl');
  await at.writeRules(rulesFor([servers.urls['nginx html'] ?? '']));
  const scanned = await runCli(['scan', at.rules, '-o', file, '--job', 'all']);
  expect(scanned.code).toBe(0);
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  const { summary } = await runCli(['migrate', at.rules, '--keys', file, '--json']);
  expect(summary).toMatchObject({ copied: lines.length, failed: 0, exitCode: 0 });
});
