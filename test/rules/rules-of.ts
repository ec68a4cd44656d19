import type { Rule, Rules } from '../../src/model/rule.ts';
import { formatProblem, parseRules } from '../../src/rules/parse-rules.ts';
import type { Problem } from '../../src/rules/parse-rules.ts';

export const HEAD = 'version: 1\nbucket: { url: "file:./bucket" }\n';

/** The typed rules of a file with this `rules:` text; a problem fails the test. */
export function rulesOf(body: string): Rules {
  const { rules, problems } = parseRules(`${HEAD}${body}`, 'rules.yaml');
  if (rules !== undefined) return rules;
  throw new Error(problems.map((problem) => formatProblem('rules.yaml', problem)).join('\n'));
}

/** The only rule of a file, from flow fields such as `key: { addPrefix: x }`. */
export function ruleOf(fields: string): Rule {
  const [rule] = rulesOf(
    `rules:\n  - { id: one, ${fields}${fields.includes('origins:') ? '' : `${fields === '' ? '' : ', '}origins: { masters: ["https://o.example/"] }`} }`,
  ).rules;
  if (rule === undefined) throw new Error('the file has no rule');
  return rule;
}

export function problemsOf(body: string): readonly Problem[] {
  return parseRules(`${HEAD}${body}`, 'rules.yaml').problems;
}

/** `path: message` of every error. */
export function errorsOf(body: string): string[] {
  return problemsOf(body)
    .filter(({ severity }) => severity === 'error')
    .map(({ path, message }) => `${path}: ${message}`);
}

/** Errors of a file whose only rule has these flow fields beside id and one master. */
export function ruleErrors(fields: string): string[] {
  return errorsOf(
    `rules:\n  - { id: one, origins: { masters: ["https://o.example/"] }, ${fields} }`,
  );
}
