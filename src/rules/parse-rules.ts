import type { Rules } from '../model/rule.ts';
import { issueWords } from './issue-words.ts';
import { lintRules } from './lint-rules.ts';
import { mergeDefaults } from './merge-defaults.ts';
import { sortProblems } from './problem.ts';
import type { Problem } from './problem.ts';
import { readYaml } from './read-yaml.ts';
import { schemaIssues } from './schema-issues.ts';
import type { SchemaIssue } from './schema-issues.ts';
import { crossIssues } from './schema/cross-checks.ts';
import { fileSchema } from './schema/file.ts';
import { defaultsSchema } from './schema/rule.ts';
import type { Place, Tree } from './yaml-tree.ts';
import { child, locate, locateName, plain, without } from './yaml-tree.ts';

export { formatProblem } from './problem.ts';
export type { Problem } from './problem.ts';

/** What a rules file came to. */
export interface ParsedRules {
  /** Absent where any problem is an error. */
  readonly rules: Rules | undefined;
  /** Every error, or, of a valid file, every warning; in the order of the text. */
  readonly problems: readonly Problem[];
}

/**
 * Reads a rules file: YAML, schema, contradictions, lints. Every problem comes at once; nothing is
 * ever thrown, whatever the text.
 * @param file its name, for problems that concern it as a whole
 */
export function parseRules(text: string, file: string): ParsedRules {
  const { tree, problems } = readYaml(text);
  if (tree === undefined) return { rules: undefined, problems: sortProblems(problems) };
  if (tree.kind !== 'map') {
    const message = `${file} is not a map of fields; a rules file starts with \`version: 1\``;
    return { rules: undefined, problems: [...problems, error(tree.at, message)] };
  }
  return typed(tree, problems);
}

function typed(written: Tree, found: readonly Problem[]): ParsedRules {
  const merged = mergeDefaults(written);
  const result = fileSchema.safeParse(plain(without(merged, 'defaults')), { error: issueWords });
  const issues = [
    ...(result.success ? [] : schemaIssues(result.error.issues)),
    ...defaultsIssues(child(merged, 'defaults')),
  ];
  const errors = [
    ...found,
    ...issues.map(({ path, message, unknown }) =>
      error(unknown ? locateName(merged, path) : locate(merged, path), message),
    ),
    ...crossIssues(merged).map(({ path, message }) => error(locate(merged, path), message)),
  ];
  if (errors.length > 0 || !result.success) {
    return { rules: undefined, problems: sortProblems(distinct(errors)) };
  }
  const warnings = lintRules(result.data, merged);
  return { rules: result.data, problems: sortProblems(distinct(warnings)) };
}

/**
 * What is wrong with `defaults` by itself, so that it is told even where no rule merges it. What a
 * map still lacks there a rule may give; the merged rules are checked for it.
 */
function defaultsIssues(defaults: Tree | undefined): SchemaIssue[] {
  if (defaults === undefined) return [];
  const result = defaultsSchema.safeParse(plain(defaults), { error: issueWords });
  const issues = result.success ? [] : schemaIssues(result.error.issues, ['defaults']);
  return issues.filter(({ missing }) => !missing);
}

function error({ line, column, path }: Place, message: string): Problem {
  return { severity: 'error', line, column, path, message };
}

/** A problem in `defaults` is found once a rule; people see it once. */
function distinct(problems: readonly Problem[]): Problem[] {
  const byText = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...byText.values()];
}
