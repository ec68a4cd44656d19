import { keyProblem, objectKey } from '../../model/object-key.ts';
import type { Rule, Rules } from '../../model/rule.ts';
import { matchRule } from '../../rules/match-rule.ts';
import { givenKeys } from '../../run/given-keys.ts';
import { noCheckpoint } from '../../run/no-checkpoint.ts';
import { loadRules } from '../load-rules.ts';
import { noticeTo } from '../notice.ts';
import { concludeRun, openRun, runEngine } from '../run-command.ts';
import type { RunOptions } from '../run-options.ts';
import { stoppable } from '../stop-signals.ts';
import type { Surroundings } from '../surroundings.ts';

/** `bucketfill prefetch`: fetches the named keys now. Nothing is kept of it, so it has no job. */
export async function prefetch(
  rulesFile: string,
  keys: readonly string[],
  options: RunOptions,
  surroundings: Surroundings,
): Promise<number> {
  const quiet = options.quiet === true;
  const rules = await loadRules(rulesFile, surroundings, quiet);
  const notice = noticeTo(surroundings, quiet);
  return stoppable(surroundings, notice, async (stop) => {
    const asked = rulesFor(rules, keys);
    const opened = await openRun({
      command: 'prefetch',
      rulesFile,
      rules,
      needed: (rule) => asked.has(rule),
      options,
      surroundings,
      stop,
      notice,
    });
    const result = await runEngine(opened, {
      job: 'prefetch',
      entries: givenKeys(keys),
      checkpoint: noCheckpoint(),
      fingerprint: {},
    });
    return concludeRun(result, notice);
  });
}

/** The rules of the named keys; nobody else's origins have to be up. */
function rulesFor(rules: Rules, keys: readonly string[]): ReadonlySet<Rule> {
  const usable = keys.filter((key) => keyProblem(key) === undefined);
  const matched = usable.map((key) => matchRule(rules.rules, objectKey(key)));
  return new Set(matched.filter((rule) => rule !== undefined));
}
