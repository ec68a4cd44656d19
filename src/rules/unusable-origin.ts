import type { Rules } from '../model/rule.ts';
import { lintAddresses } from './lint-addresses.ts';

/** What `check` warns of and no fetch could ever get past. */
const HOPELESS: ReadonlySet<string> = new Set(['address-refused', 'origin-is-bucket']);

/**
 * The first address of the rules that every fetch would be refused at, and why, in one line: the
 * policy forbids it, or it is the bucket itself. Undefined where there is none; names are not looked
 * up.
 */
export function unusableOrigin(rules: Rules): string | undefined {
  for (const [index, rule] of rules.rules.entries()) {
    const found = lintAddresses(rule, index, rules).find(({ lint }) => HOPELESS.has(lint));
    if (found === undefined) continue;
    const [list, at] = found.path.slice(-2);
    return `rule ${rule.id}, origins.${String(list)}[${String(at)}]: ${found.message}`;
  }
  return undefined;
}
