import { EXIT } from '../../model/exit-code.ts';
import { formatProblem, type Problem } from '../../rules/parse-rules.ts';
import { readRules } from '../load-rules.ts';
import type { Surroundings } from '../surroundings.ts';

export interface CheckOptions {
  readonly strict?: true;
  readonly strictDisjoint?: true;
  readonly json?: true;
}

/** `bucketfill check`: every problem of a rules file at once. */
export async function check(
  file: string,
  options: CheckOptions,
  { cwd, stdout, stderr }: Surroundings,
): Promise<number> {
  const { rules, problems: found } = await readRules(file, cwd);
  const problems = found.map((problem) => stricter(problem, options));
  for (const problem of problems) stderr.write(`${formatProblem(file, problem)}\n`);
  if (options.json === true) {
    stdout.write(`${JSON.stringify(problems.map((problem) => ({ file, ...problem })))}\n`);
  }
  const failed = problems.some(({ severity }) => severity === 'error');
  if (failed || rules === undefined) return EXIT.usage;
  const count = rules.rules.length;
  stderr.write(`${file}: valid, ${count} ${count === 1 ? 'rule' : 'rules'}\n`);
  return EXIT.complete;
}

function stricter(problem: Problem, { strict, strictDisjoint }: CheckOptions): Problem {
  const overlaps = problem.lint === 'overlap' || problem.lint === 'unreachable';
  const isError = strict === true || (strictDisjoint === true && overlaps);
  return isError ? { ...problem, severity: 'error' } : problem;
}
