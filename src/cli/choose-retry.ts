import type { JobStatus } from './jobs-of-rules.ts';

type Choosable = Pick<JobStatus, 'job' | 'command' | 'changed' | 'failed' | 'reopened'>;

/** The job that a retry is of, and the others that it might have been of. */
export interface RetryChoice<T> {
  readonly job: T;
  readonly others: readonly T[];
}

/**
 * Which job to retry: of those with failed keys, or with a retry that was interrupted, the one that
 * ran last; where there is none of them, the one that ran last of all.
 * @returns undefined where no job copies anything.
 */
export function chooseRetry<T extends Choosable>(jobs: readonly T[]): RetryChoice<T> | undefined {
  const copying = jobs.filter(({ command }) => command !== 'scan' && command !== 'verify');
  const left = copying.filter(({ failed, reopened }) => failed > 0 || reopened);
  const [job, ...others] = latestFirst(left.length > 0 ? left : copying);
  return job === undefined ? undefined : { job, others: left.length > 0 ? others : [] };
}

function latestFirst<T extends Choosable>(jobs: readonly T[]): readonly T[] {
  return jobs.toSorted((one, other) => (one.changed < other.changed ? 1 : -1));
}
