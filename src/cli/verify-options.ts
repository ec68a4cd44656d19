import { InvalidArgumentError } from 'commander';
import type { VerifyLevel } from '../model/event.ts';
import type { FilterOptions } from './filter-options.ts';
import type { NamedListOptions } from './named-list.ts';
import type { RunOptions } from './run-options.ts';

/** What commander hands to `verify`. */
export interface VerifyCommandOptions
  extends Omit<RunOptions, 'overwrite' | 'dryRun'>, NamedListOptions, FilterOptions {
  readonly level: VerifyLevel;
  /** Share of the keys, in (0, 1]. */
  readonly sample: number;
  readonly seed?: string;
  readonly ignoreRobots?: true;
}

/**
 * The share of a `--sample`.
 * @throws InvalidArgumentError that says what is allowed.
 */
export function sampleShare(text: string): number {
  const [, percent] = /^(\d{1,3}(?:\.\d{1,9})?)%$/.exec(text) ?? [];
  const share = Number(percent) / 100;
  if (share > 0 && share <= 1) return share;
  throw new InvalidArgumentError('It is a share of the keys above 0% and up to 100%, such as 5%.');
}

/** A comparison without bodies mostly waits for requests. */
const ASKED_AT_ONCE = 64;
/** Bodies take what a connection has. */
const READ_AT_ONCE = 16;

/** Keys that are looked at beside each other. */
export function comparedAtOnce({
  concurrency,
  level,
}: Pick<VerifyCommandOptions, 'concurrency' | 'level'>): number {
  if (concurrency !== 'auto') return concurrency;
  return level === 'full' ? READ_AT_ONCE : ASKED_AT_ONCE;
}
