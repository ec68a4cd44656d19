import { FatalError } from '../model/failure.ts';
import type { Rule, Rules } from '../model/rule.ts';

/**
 * The rules that `--rule` names, in the order of the file; all where it names none.
 * @throws FatalError `usage` for an id that no rule has.
 */
export function namedRules({ rules }: Rules, only: readonly string[] = []): readonly Rule[] {
  const unknown = only.find((id) => !rules.some((rule) => rule.id === id));
  if (unknown !== undefined) throw new FatalError('usage', `--rule: no rule has the id ${unknown}`);
  return only.length === 0 ? rules : rules.filter(({ id }) => only.includes(id));
}
