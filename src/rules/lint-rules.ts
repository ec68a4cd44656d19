import type { Rule, Rules } from '../model/rule.ts';
import { covers, overlaps } from './key-coverage.ts';
import { lintAddresses } from './lint-addresses.ts';
import { lintAnswers } from './lint-answers.ts';
import { lintVariants } from './lint-variants.ts';
import type { Finding, LintName, Problem } from './problem.ts';
import type { Place, Tree } from './yaml-tree.ts';
import { locate } from './yaml-tree.ts';

/**
 * What is valid and yet likely not meant, as warnings.
 * @param merged the file as it stands, with `defaults` under every rule
 */
export function lintRules(rules: Rules, merged: Tree): Problem[] {
  const findings = [
    ...(rules.rules.length === 0 ? [NO_RULES] : []),
    ...rules.rules.flatMap((rule, index) => [
      ...prefixBoundary(rule, index),
      ...coverage(rules.rules, index),
      ...weights(rule, index),
      ...lintAddresses(rule, index, rules),
      ...lintVariants(rule, index),
      ...lintAnswers(rule, index),
    ]),
  ];
  return findings.map(({ lint, path, message }) => warning(lint, locate(merged, path), message));
}

const NO_RULES: Finding = {
  lint: 'no-rules',
  path: ['rules'],
  message: 'there is no rule, so every key is skipped',
};

function warning(lint: LintName, { line, column, path }: Place, message: string): Problem {
  return { severity: 'warning', line, column, path, message, lint };
}

function prefixBoundary({ match: { keyPrefix } }: Rule, index: number): Finding[] {
  if (keyPrefix === undefined || !/[\p{L}\p{N}]$/u.test(keyPrefix)) return [];
  const message = `\`${keyPrefix}\` also takes \`${keyPrefix}s/…\`; end it with / if it is a folder`;
  return [{ lint: 'prefix-boundary', path: ['rules', index, 'match', 'keyPrefix'], message }];
}

function coverage(rules: readonly Rule[], index: number): Finding[] {
  const rule = rules[index];
  if (rule === undefined) return [];
  const earlier = rules.slice(0, index);
  const path = ['rules', index];
  const hiding = earlier.find(
    (other) => other.afterMiss !== 'nextRule' && covers(other.match, rule.match),
  );
  if (hiding !== undefined) {
    const message = `never used: rule \`${hiding.id}\` above takes every key of \`${rule.id}\``;
    return [{ lint: 'unreachable', path, message }];
  }
  const shared = earlier.filter((other) => overlaps(other.match, rule.match));
  if (shared.length === 0) return [];
  const names = shared.slice(0, 3).map(({ id }) => `\`${id}\``);
  const more = shared.length > names.length ? ` and ${shared.length - names.length} more` : '';
  const message = `shares keys with ${names.join(', ')}${more} above; the first rule that matches takes them`;
  return [{ lint: 'overlap', path, message }];
}

function weights({ origins }: Rule, index: number): Finding[] {
  if (origins === undefined || origins.select === 'weighted') return [];
  return origins.masters.flatMap(({ weight }, at): Finding[] => {
    if (weight === 1) return [];
    const path = ['rules', index, 'origins', 'masters', at, 'weight'];
    const message = `has no effect: select is ${origins.select}, not weighted`;
    return [{ lint: 'no-effect', path, message }];
  });
}
