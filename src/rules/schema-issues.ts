import type { z } from 'zod';

/** One thing that a schema refuses, with the data's path. */
export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The field is absent; what a rule lacks another part of the file may still give. */
  readonly missing: boolean;
  /** The field's name is what is wrong, not its value. */
  readonly unknown: boolean;
}

/**
 * The issues of a schema one by one: an unknown field each, and of a choice between shapes the
 * issues of the shape that the person most likely meant.
 */
export function schemaIssues(
  issues: readonly z.core.$ZodIssue[],
  base: readonly PropertyKey[] = [],
): SchemaIssue[] {
  return issues.flatMap((issue): SchemaIssue[] => {
    const path = [...base, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      const words = issue.message.split('\n');
      return issue.keys.map((key, index) => ({
        path: [...path, key],
        message: words[index] ?? 'unknown field',
        missing: false,
        unknown: true,
      }));
    }
    const branch = issue.code === 'invalid_union' ? likelyBranch(issue.errors) : undefined;
    if (branch !== undefined) return schemaIssues(branch, path);
    const missing = issue.message.startsWith('missing field');
    return [{ path, message: issue.message, missing, unknown: false }];
  });
}

/** The branch whose kind of value fits and that has least against the value. */
function likelyBranch(
  branches: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | undefined {
  return branches
    .filter((issues) => issues.length > 0 && !issues.some(isOtherKind))
    .toSorted((a, b) => weight(a) - weight(b))[0];
}

function isOtherKind(issue: z.core.$ZodIssue): boolean {
  const isKind = issue.code === 'invalid_type' || issue.code === 'invalid_value';
  return isKind && issue.path.length === 0;
}

function weight(issues: readonly z.core.$ZodIssue[]): number {
  return issues
    .map((issue) => (issue.code === 'unrecognized_keys' ? issue.keys.length : 1))
    .reduce((sum, count) => sum + count, 0);
}
