import type { KeyChoice } from '../model/event.ts';
import { FatalError } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Rules } from '../model/rule.ts';
import { type KeyFilter, keyFilter } from '../plan/key-filter.ts';
import { choiceText } from '../report/choice-text.ts';
import type { Log } from '../report/log.ts';
import { matchRule } from '../rules/match-rule.ts';
import type { FilterOptions } from './filter-options.ts';
import { namedRules } from './named-rules.ts';

/**
 * The filter that the flags ask for; what they ask for is told, since it may come from the environment.
 * @returns undefined where they ask for none: every key of the rules is meant.
 * @throws FatalError `usage` for a glob that can't be understood.
 */
export async function filterOfRun(
  options: FilterOptions,
  log: Log,
): Promise<KeyFilter | undefined> {
  const choice = choiceOf(options);
  if (choice === undefined) return undefined;
  log.info(`only keys that these let through: ${choiceText(choice)}`);
  const { rule, prefix = '', include = [], exclude = [] } = choice;
  const isOfRulesAlone = rule !== undefined && Object.keys(choice).length === 1;
  if (isOfRulesAlone) return undefined;
  return keyFilter(
    prefix,
    await compiled('--include', include),
    await compiled('--exclude', exclude),
  );
}

/**
 * The filter of a run whose keys come from a list: it knows nothing of rules, so the filter leaves out
 * what is not theirs. A scan walks its rules alone.
 * @throws FatalError `usage` for an id that no rule has.
 */
export function amongRules(
  filter: KeyFilter | undefined,
  rules: Rules,
  only: readonly string[] | undefined,
): KeyFilter | undefined {
  if (only === undefined) return filter;
  const named = new Set(namedRules(rules, only));
  const isOfRules = (key: ObjectKey): boolean => {
    const rule = matchRule(rules.rules, key);
    return rule !== undefined && named.has(rule);
  };
  return {
    prefix: filter?.prefix ?? '',
    keeps: (key) => filter?.keeps(key) !== false && isOfRules(key),
  };
}

/**
 * What the flags ask for, in one form for whatever order they came in.
 * @returns undefined where they ask for nothing.
 */
export function choiceOf({ rule, prefix, include, exclude }: FilterOptions): KeyChoice | undefined {
  const choice = {
    ...(rule === undefined ? {} : { rule: eachOnce(rule) }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(include === undefined ? {} : { include: eachOnce(include) }),
    ...(exclude === undefined ? {} : { exclude: eachOnce(exclude) }),
  };
  return Object.keys(choice).length === 0 ? undefined : choice;
}

function eachOnce(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted();
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
