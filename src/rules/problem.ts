/** Names of the lints, so that a flag can raise one of them to an error without reading messages. */
export type LintName =
  | 'no-rules'
  | 'unreachable'
  | 'overlap'
  | 'prefix-boundary'
  | 'plain-http-credentials'
  | 'address-refused'
  | 'no-effect'
  | 'referer-overwritten'
  | 'origin-is-bucket'
  | 'poisoning'
  | 'variants'
  | 'redirect-target';

/** A warning before it has its place in the text. */
export interface Finding {
  readonly lint: LintName;
  /** Of the data, as in `['rules', 0, 'match']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** One thing that is wrong, or doubtful, in a rules file. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** As written: `rules[0].origins.masters[1].url`; '' for the file as a whole. */
  readonly path: string;
  /** One line, no final full stop, never the text of a secret. */
  readonly message: string;
  /** Which lint speaks; absent for errors. */
  readonly lint?: LintName;
}

/** `file:line:col path: message`, as compilers and editors know it; one line. */
export function formatProblem(file: string, problem: Problem): string {
  const where = `${file}:${problem.line}:${problem.column}`;
  const severity = problem.severity === 'warning' ? 'warning: ' : '';
  const path = problem.path === '' ? '' : `${problem.path}: `;
  return `${where} ${path}${severity}${problem.message}`;
}

/** In the order of the text; errors before warnings on one spot. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return problems.toSorted(
    (a, b) => a.line - b.line || a.column - b.column || a.severity.localeCompare(b.severity, 'en'),
  );
}
