import { keyProblem, objectKey } from '../../model/object-key.ts';
import type { Rule, Rules } from '../../model/rule.ts';
import type { KeyFilter } from '../../plan/key-filter.ts';
import { matchRule } from '../../rules/match-rule.ts';
import { givenKeys } from '../../run/given-keys.ts';
import { noCheckpoint } from '../../run/no-checkpoint.ts';
import { Cleanup } from '../cleanup.ts';
import { amongRules, filterOfRun } from '../filter-of-run.ts';
import type { FilterOptions } from '../filter-options.ts';
import { loadRules } from '../load-rules.ts';
import { logTo } from '../log-to.ts';
import { openRun } from '../run-command.ts';
import { concludeRun, runEngine } from '../run-engine.ts';
import type { RunOptions } from '../run-options.ts';
import { stoppable } from '../stop-signals.ts';
import type { Surroundings } from '../surroundings.ts';

/** What commander hands to `prefetch`. */
export interface PrefetchOptions extends RunOptions, FilterOptions {}

/** `bucketfill prefetch`: fetches the named keys now. Nothing is kept of it, so it has no job. */
export async function prefetch(
  rulesFile: string,
  keys: readonly string[],
  options: PrefetchOptions,
  surroundings: Surroundings,
): Promise<number> {
  const quiet = options.quiet === true;
  const rules = await loadRules(rulesFile, surroundings, quiet);
  const log = logTo(surroundings, options);
  const filter = amongRules(await filterOfRun(options, log), rules, options.rule);
  const cleanup = new Cleanup();
  return stoppable(surroundings, log, (stop) =>
    cleanup.around(async () => {
      const ofKeys = rulesFor(rules, keys, filter);
      const needed = (rule: Rule): boolean => ofKeys.has(rule);
      const asked = { rulesFile, rules, needed, filter, options, surroundings, stop, log };
      const opened = await openRun({ ...asked, command: 'prefetch' }, cleanup);
      const result = await runEngine(opened, {
        job: 'prefetch',
        entries: givenKeys(keys),
        checkpoint: noCheckpoint(),
        fingerprint: {},
      });
      return concludeRun(result, log);
    }),
  );
}

/** The rules of the named keys; nobody else's origins have to be up. */
function rulesFor(
  rules: Rules,
  keys: readonly string[],
  filter: KeyFilter | undefined,
): ReadonlySet<Rule> {
  const usable = keys.filter((key) => keyProblem(key) === undefined).map(objectKey);
  const meant = usable.filter((key) => filter?.keeps(key) !== false);
  const matched = meant.map((key) => matchRule(rules.rules, key));
  return new Set(matched.filter((rule) => rule !== undefined));
}
