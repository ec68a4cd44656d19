import { FatalError } from '../model/failure.ts';
import type { Surroundings } from './surroundings.ts';

const ON = new Set(['1', 'true', 'yes', 'on']);
const OFF = new Set(['', '0', 'false', 'no', 'off']);

/** The environment's name of a flag: `dryRun` is BUCKETFILL_DRY_RUN. */
export function variableName(option: string): string {
  return `BUCKETFILL_${option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Options of a command with the flags switched on that are not on the command line, but in the
 * environment.
 * @throws FatalError `usage` for a variable that says neither yes nor no.
 */
export function withSwitches<T extends object>(
  options: T,
  names: readonly string[],
  { env }: Surroundings,
): T {
  const on = names.filter((name) => !(name in options) && isOn(variableName(name), env));
  return { ...options, ...Object.fromEntries(on.map((name) => [name, true])) };
}

function isOn(variable: string, env: Surroundings['env']): boolean {
  const value = (env[variable] ?? '').trim().toLowerCase();
  if (ON.has(value)) return true;
  if (OFF.has(value)) return false;
  throw new FatalError('usage', `${variable} is ${JSON.stringify(value)}: set it to true or false`);
}
