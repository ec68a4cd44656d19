import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type CliOptions, type CliResult, runCli } from './run-cli.ts';

/** A folder with a rules file and a key list, as a user would have it. */
export interface Workplace {
  readonly folder: string;
  readonly rules: string;
  readonly keys: string;
  readonly bucket: string;
  /** Writes the list: one key a line, or the bytes as they are. */
  readonly list: (keys: readonly string[] | Uint8Array) => Promise<void>;
  readonly writeRules: (text: string) => Promise<void>;
  /** `migrate rules.yaml --keys keys.txt --json` with further arguments. */
  readonly migrate: (args?: readonly string[], options?: CliOptions) => Promise<CliResult>;
  readonly remove: () => Promise<void>;
}

/** Makes a workplace; its bucket is the directory `bucket` in it. */
export async function workplace(rules: string): Promise<Workplace> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-test-'));
  const rulesFile = path.join(folder, 'rules.yaml');
  const keysFile = path.join(folder, 'keys.txt');
  await writeFile(rulesFile, rules);
  return {
    folder,
    rules: rulesFile,
    keys: keysFile,
    bucket: path.join(folder, 'bucket'),
    list: (keys) => writeFile(keysFile, keys instanceof Uint8Array ? keys : linesOf(keys)),
    writeRules: (text) => writeFile(rulesFile, text),
    migrate: (args = [], options = {}) =>
      runCli(['migrate', rulesFile, '--keys', keysFile, '--json', ...args], options),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A rules file with one rule for every key; quick retries, so that no test waits. */
export function rulesFor(
  masters: readonly string[],
  slaves: readonly string[] = [],
  more = '',
): string {
  return `version: 1
allowPrivate: true
bucket:
  url: file:./bucket
rules:
  - id: all
    origins:
      masters: ${JSON.stringify(masters)}
      slaves: ${JSON.stringify(slaves)}
      retries: { perAddress: 2, base: 1ms, max: 20ms }
${more}`;
}

const BYTE_ORDER_MARK = '\uFEFF';

/** A byte order mark at the very beginning is the file's: a first key that begins so takes two. */
function linesOf(keys: readonly string[]): string {
  const mark = keys[0]?.startsWith(BYTE_ORDER_MARK) === true ? BYTE_ORDER_MARK : '';
  return mark + keys.map((key) => `${key}\n`).join('');
}
