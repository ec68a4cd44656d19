import path from 'node:path';
import type { Surroundings } from './surroundings.ts';

/** Where jobs are kept: `--state`, or `.bucketfill` beside the rules file. */
export function stateDirectory(
  rulesFile: string,
  state: string | undefined,
  { cwd }: Surroundings,
): string {
  if (state !== undefined) return path.resolve(cwd, state);
  return path.join(path.dirname(path.resolve(cwd, rulesFile)), '.bucketfill');
}
