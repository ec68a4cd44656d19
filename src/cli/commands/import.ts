import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { EXIT } from '../../model/exit-code.ts';
import { FatalError } from '../../model/failure.ts';
import { importRules } from '../../rules/vendors/import-rules.ts';
import type { Surroundings } from '../surroundings.ts';

export interface ImportOptions {
  /** Absent: stdout. */
  readonly output?: string;
  /** What becomes `bucket.url`. */
  readonly bucket?: string;
}

/** A vendor's configuration of at most 20 rules is some kilobytes; more than this is no such file. */
const MOST_BYTES = 8 * 1024 * 1024;

/** `bucketfill import`: a vendor's rule configuration as a rules file. */
export async function importVendor(
  vendor: string,
  file: string,
  options: ImportOptions,
  surroundings: Surroundings,
): Promise<number> {
  const { cwd, stdin, stdout, stderr } = surroundings;
  const name = file === '-' ? 'stdin' : file;
  const bytes = file === '-' ? await readAll(stdin, name) : await readFrom(file, cwd);
  const text = decoded(bytes, name);
  const { yaml, warnings } = importRules({ vendor, text, file: name, bucketUrl: options.bucket });
  if (options.output === undefined) stdout.write(yaml);
  else await writeOut(options.output, yaml, cwd);
  for (const warning of warnings) {
    const where = warning.path === '' ? '' : `${warning.path}: `;
    stderr.write(`${name}: ${where}warning: ${warning.message}\n`);
  }
  return EXIT.complete;
}

function decoded(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FatalError('usage', `${name}: is not UTF-8 text; convert it first`, error);
  }
}

/** As a stream: pipes and devices tell no size beforehand. */
async function readFrom(file: string, cwd: string): Promise<Uint8Array> {
  try {
    return await readAll(createReadStream(path.resolve(cwd, file)), file);
  } catch (error) {
    throw unusable(file, error);
  }
}

async function readAll(stream: Readable, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes: Uint8Array = Buffer.from(chunk);
    size += bytes.length;
    if (size > MOST_BYTES) throw tooLarge(name);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

async function writeOut(file: string, text: string, cwd: string): Promise<void> {
  try {
    await writeFile(path.resolve(cwd, file), text);
  } catch (error) {
    throw unusable(file, error);
  }
}

function tooLarge(file: string): FatalError {
  return new FatalError('usage', `${file}: too large; a vendor's configuration is some kilobytes`);
}

function unusable(file: string, error: unknown): FatalError {
  if (error instanceof FatalError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    EISDIR: 'is a directory, not a file',
    EACCES: 'permission denied',
  };
  return new FatalError('usage', `${file}: ${reasons[code] ?? String(error)}`, error);
}
