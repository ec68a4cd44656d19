import { createHash } from 'node:crypto';
import path from 'node:path';

/** Enough of a hash to tell lists of one name apart. */
const HASH_CHARACTERS = 8;

/**
 * The name of a job that was not given one: the rules file's name, the command, the key source.
 * The same command line finds the same job again.
 * @param keys a file or `-` for stdin; undefined for a scan
 */
export function jobName(
  rulesFile: string,
  command: string,
  keys: string | undefined,
  cwd: string,
): string {
  const rules = path.basename(rulesFile).replace(/\.ya?ml$/i, '');
  return [rules, command, keySource(keys, cwd)].map(plainName).join('.');
}

function keySource(keys: string | undefined, cwd: string): string {
  if (keys === undefined) return 'scan';
  if (keys === '-') return 'stdin';
  const hash = createHash('sha256').update(path.resolve(cwd, keys)).digest('hex');
  return `${path.basename(keys)}-${hash.slice(0, HASH_CHARACTERS)}`;
}

/** Job names are folder names: anything unusual becomes `_`. */
function plainName(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 60);
}
