import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { FatalError } from '../model/failure.ts';
import type { Rules } from '../model/rule.ts';
import { formatProblem, parseRules, type Problem } from '../rules/parse-rules.ts';
import type { Surroundings } from './surroundings.ts';

/** Rules files hold at most 1,000 rules; a larger file is something else. */
const MOST_BYTES = 16 * 1024 * 1024;

export interface ReadRules {
  readonly rules: Rules | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Reads and parses a rules file; its problems come with it.
 * @throws FatalError `usage` where the file can't be read at all.
 */
export async function readRules(file: string, cwd: string): Promise<ReadRules> {
  const location = path.resolve(cwd, file);
  try {
    const { size } = await stat(location);
    if (size > MOST_BYTES) {
      throw new FatalError('usage', `${file}: ${size} bytes is too large for a rules file`);
    }
    const bytes = await readFile(location);
    return parseRules(new TextDecoder('utf-8', { fatal: true }).decode(bytes), file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): FatalError {
  if (error instanceof FatalError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const reasons: Record<string, string> = {
    ENOENT: 'no such file',
    EISDIR: 'is a directory, not a rules file',
    EACCES: 'may not be read (permission denied)',
    ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
  };
  const reason = reasons[String(code)] ?? String(error);
  return new FatalError('usage', `${file}: ${reason}`, error);
}

/**
 * Reads rules that a command can work with, and prints their warnings.
 * @throws FatalError `usage` after every problem was printed.
 */
export async function loadRules(
  file: string,
  surroundings: Surroundings,
  quiet: boolean,
): Promise<Rules> {
  const { rules, problems } = await readRules(file, surroundings.cwd);
  for (const problem of problems) {
    if (quiet && problem.severity === 'warning') continue;
    surroundings.stderr.write(`${formatProblem(file, problem)}\n`);
  }
  if (rules !== undefined) return rules;
  throw new FatalError('usage', `${file} can't be used: see the lines above`);
}
