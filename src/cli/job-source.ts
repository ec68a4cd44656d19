import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Job } from '../checkpoint/job-folder.ts';
import { told } from '../checkpoint/prepare-folder.ts';
import type { Checkpoint, ResultsKept } from '../model/checkpoint.ts';
import type { FingerprintFlags } from '../rules/job-fingerprint.ts';
import { KEYS_FORMATS, type KeysFormat } from '../scan/keys-format.ts';
import { writeDurably } from '../scan/write-durably.ts';

/** Where the entries of a job come from. */
export type EntriesFrom =
  | {
      readonly from: 'list';
      /** Absolute. */
      readonly path: string;
      readonly format: KeysFormat;
    }
  /** Spooled in the job's directory; without a format its first line tells. */
  | { readonly from: 'stdin'; readonly format: KeysFormat | undefined }
  /** The manifest in the job's directory. */
  | { readonly from: 'scan' }
  /** What a sync found new or changed, in the job's directory. */
  | { readonly from: 'changes' };

/** What has to be known of a job to open its entries again. */
export interface JobSource {
  /** The command that began it. */
  readonly command: string;
  readonly entries: EntriesFrom;
  /** As they are in its fingerprint. */
  readonly flags: FingerprintFlags;
  /** Which outcomes its first run kept a line of. */
  readonly results: ResultsKept;
}

const VERSION = 1;
const NAME = 'source.json';
const RESULTS: readonly ResultsKept[] = ['none', 'failures', 'all'];

/**
 * The job's checkpoint, which notes the source in the job's directory before the job is begun.
 * @param directory the job's, as `Job.directory` names it
 */
export function notingSource(
  { checkpoint, directory }: Pick<Job, 'checkpoint' | 'directory'>,
  source: Omit<JobSource, 'results'>,
): Checkpoint {
  return {
    ...checkpoint,
    begin: async (fingerprint) => {
      await writeSource(directory, { ...source, results: checkpoint.results });
      await checkpoint.begin(fingerprint);
    },
  };
}

async function writeSource(directory: string, source: JobSource): Promise<void> {
  const text = `${JSON.stringify({ version: VERSION, ...source })}\n`;
  await told(directory, () => writeDurably(path.join(directory, NAME), text));
}

/**
 * What {@link notingSource} noted.
 * @returns undefined where nothing is noted, or nothing that this version can read.
 */
export async function readSource(directory: string): Promise<JobSource | undefined> {
  try {
    return sourceOf(JSON.parse(await readFile(path.join(directory, NAME), 'utf8')));
  } catch {
    return undefined;
  }
}

function sourceOf(parsed: unknown): JobSource | undefined {
  const fields = fieldsOf(parsed);
  const command = fields.get('command');
  const entries = entriesOf(fieldsOf(fields.get('entries')));
  const flags = flagsOf(fields.get('flags'));
  const results = RESULTS.find((kept) => kept === fields.get('results'));
  if (fields.get('version') !== VERSION || typeof command !== 'string') return undefined;
  if (entries === undefined || flags === undefined || results === undefined) return undefined;
  return { command, entries, flags, results };
}

function entriesOf(fields: ReadonlyMap<string, unknown>): EntriesFrom | undefined {
  const [from, file] = [fields.get('from'), fields.get('path')];
  const format = KEYS_FORMATS.find((name) => name === fields.get('format'));
  switch (from) {
    case 'list':
      if (typeof file !== 'string' || format === undefined) return undefined;
      return { from, path: file, format };
    case 'stdin':
      return { from, format };
    case 'scan':
    case 'changes':
      return { from };
    default:
      return undefined;
  }
}

function flagsOf(value: unknown): FingerprintFlags | undefined {
  const flags = Object.fromEntries(
    [...fieldsOf(value)].map(([name, given]) => [
      name,
      Array.isArray(given) ? given.map(String) : String(given),
    ]),
  );
  const { overwrite, keys } = flags;
  if (typeof overwrite !== 'string' || typeof keys !== 'string') return undefined;
  return { ...flags, overwrite, keys };
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(typeof value === 'object' && value !== null ? value : {}));
}
