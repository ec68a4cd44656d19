import type { KeyChoice } from '../model/event.ts';
import { FatalError } from '../model/failure.ts';
import { type KeyFilter, keyFilter } from '../plan/key-filter.ts';
import { choiceText } from '../report/choice-text.ts';
import type { Log } from '../report/log.ts';
import type { FilterOptions } from './filter-options.ts';

/**
 * The filter that the flags ask for; it is told, since it may come from the environment.
 * @returns undefined where they ask for none: every key is meant.
 * @throws FatalError `usage` for a glob that can't be understood.
 */
export async function filterOfRun(
  options: FilterOptions,
  log: Log,
): Promise<KeyFilter | undefined> {
  const choice = choiceOf(options);
  if (choice === undefined) return undefined;
  const { prefix = '', include = [], exclude = [] } = choice;
  const filter = keyFilter(
    prefix,
    await compiled('--include', include),
    await compiled('--exclude', exclude),
  );
  log.info(`only keys that these let through: ${choiceText(choice)}`);
  return filter;
}

/**
 * What the flags ask for, in one form for whatever order they came in.
 * @returns undefined where they ask for nothing.
 */
export function choiceOf({ prefix, include, exclude }: FilterOptions): KeyChoice | undefined {
  if (prefix === undefined && include === undefined && exclude === undefined) return undefined;
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(include === undefined ? {} : { include: eachOnce(include) }),
    ...(exclude === undefined ? {} : { exclude: eachOnce(exclude) }),
  };
}

function eachOnce(globs: readonly string[]): readonly string[] {
  return [...new Set(globs)].toSorted();
}

async function compiled(flag: string, globs: readonly string[]): Promise<readonly RegExp[]> {
  if (globs.length === 0) return [];
  // Most runs have no globs, and start faster without what reads them.
  const { compileGlob } = await import('../plan/compile-glob.ts');
  return globs.map((glob) => {
    const made = compileGlob(glob);
    if ('pattern' in made) return made.pattern;
    const line = `${flag} ${JSON.stringify(glob)} is no glob: ${made.problem}`;
    throw new FatalError('usage', line);
  });
}
