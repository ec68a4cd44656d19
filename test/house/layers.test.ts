import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const planted: string[] = [];

interface Cruise {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly {
      readonly from: string;
      readonly rule: { readonly name: string };
    }[];
  };
  readonly modules: readonly { readonly source: string }[];
}

async function cruise(...folders: string[]): Promise<Cruise> {
  const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders];
  const bin = path.join(root, 'node_modules/.bin/depcruise');
  const run = promisify(execFile)(bin, args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  const { stdout } = await run.catch((error: unknown) => error as { stdout: string });
  return JSON.parse(stdout) as Cruise;
}

/** A module in the house for the time of one test. */
async function plant(file: string, text: string): Promise<void> {
  const location = path.join(root, file);
  planted.push(location);
  await mkdir(path.dirname(location), { recursive: true });
  await writeFile(location, text);
}

afterAll(async () => {
  for (const file of planted) await rm(file, { force: true });
});

test('the layers hold, and the check sees every module that exists', async () => {
  const files = (await readdir(path.join(root, 'src'), { recursive: true }))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `src/${file}`);
  const { summary, modules } = await cruise('src');
  const seen = new Set(modules.map(({ source }) => source));
  expect(summary.violations.map(({ rule }) => rule.name)).toEqual([]);
  expect(files.filter((file) => !seen.has(file))).toEqual([]);
  expect(files.length).toBeGreaterThan(60);
});

const VIOLATIONS: readonly (readonly [string, string, string])[] = [
  ['src/plan/planted-layer.ts', `import '../transfer/commit-gate.ts';\n`, 'layer-plan'],
  ['src/run/planted-adapter.ts', `import '../http/http-client.ts';\n`, 'layer-run'],
  ['src/model/planted-node.ts', `import 'node:fs';\n`, 'pure-layers'],
  ['src/run/planted-door.ts', `import 'undici';\n`, 'door-undici'],
  ['src/report/planted-root.ts', `import '../cli/version.ts';\n`, 'cli-is-the-root'],
];

test('a module that breaks a rule of the house is found, whichever rule it is', async () => {
  for (const [file, text] of VIOLATIONS) await plant(file, text);
  try {
    // One run for all of them: to start it takes longer than to look.
    const { summary } = await cruise(...VIOLATIONS.map(([file]) => file));
    const found = summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
    const broken = VIOLATIONS.map(([file, , rule]) => `${file}: ${rule}`);
    expect(found).toEqual(expect.arrayContaining(broken));
  } finally {
    for (const [file] of VIOLATIONS) await rm(path.join(root, file), { force: true });
  }
});
