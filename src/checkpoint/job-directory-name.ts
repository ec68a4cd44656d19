import { createHash } from 'node:crypto';
import { FatalError } from '../model/failure.ts';

/** Leaves room for what is appended to it, below the 255 bytes that file systems take. */
const MAX_NAME_LENGTH = 120;

/** Hexadecimal digits of the original name's hash; two names that look alike stay two jobs. */
const HASH_DIGITS = 8;

/**
 * The directory of a job: its name where that is a safe file name everywhere, else the name with
 * everything doubtful replaced by `_` and a hash of the original behind it.
 * @throws FatalError `usage` for a name that is empty, only dots, too long or not one line.
 */
export function jobDirectoryName(job: string): string {
  const problem = nameProblem(job);
  if (problem !== undefined) {
    throw new FatalError(
      'usage',
      `the job's name ${JSON.stringify(job)} ${problem}: name it with --job`,
    );
  }
  const safe = job.replace(/[^A-Za-z0-9._-]/gu, '_').replace(/^[.-]/, '_');
  if (safe === job) return job;
  const hash = createHash('sha256').update(job).digest('hex').slice(0, HASH_DIGITS);
  return `${safe}-${hash}`;
}

function nameProblem(job: string): string | undefined {
  if (/^\.*$/.test(job)) return 'is empty or only dots';
  if (/\p{Cc}/u.test(job)) return 'holds control characters';
  return job.length > MAX_NAME_LENGTH
    ? `has ${job.length} characters, at most ${MAX_NAME_LENGTH} fit`
    : undefined;
}
