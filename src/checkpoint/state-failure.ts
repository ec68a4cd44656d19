import { dirname } from 'node:path';
import { FatalError } from '../model/failure.ts';

/** What a line about a kind of state tells people to do; each ends the line. */
export interface StateAdvice {
  /** About a file that can't be gone on with. */
  readonly afresh: string;
  /** Once the trouble is over. */
  readonly again: string;
}

/** About the state of a job. */
export const JOB_ADVICE: StateAdvice = {
  afresh: 'run with --new-job, which sets it aside and starts afresh',
  again: 'then run again, the job resumes where it stands',
};

/**
 * What a SQLite result code means for a state file, as a `state-unusable` error that says what to
 * do; undefined where the code tells of a bug of this program and not of the file or its disk.
 *
 * @param code SQLite's name of the result, extended or not: `SQLITE_FULL`, `SQLITE_IOERR_WRITE`, …
 */
export function stateFailure(
  code: string,
  file: string,
  cause: Error,
  advice: StateAdvice = JOB_ADVICE,
): FatalError | undefined {
  const text = stateProblem(code, file, oneLine(cause.message), advice);
  return text === undefined ? undefined : new FatalError('state-unusable', text, cause);
}

function stateProblem(
  code: string,
  file: string,
  said: string,
  advice: StateAdvice,
): string | undefined {
  const directory = dirname(file);
  const is = (name: string) => code === name || code.startsWith(`${name}_`);
  if (is('SQLITE_FULL')) {
    return `no space left for the state in ${directory}: make room there, ${advice.again}`;
  }
  // A file shorter than its header says was cut, whatever the disk is like.
  if (is('SQLITE_IOERR_SHORT_READ')) return damagedState(file, said, advice);
  if (is('SQLITE_IOERR')) {
    return `the state in ${directory} can't be read or written (${code}: ${said}): check the disk and its free space, ${advice.again}`;
  }
  if (is('SQLITE_READONLY') || is('SQLITE_CANTOPEN') || is('SQLITE_PERM')) {
    return `the state in ${directory} can't be written (${code}: ${said}): make the directory and its files writable, or name another with --state`;
  }
  if (is('SQLITE_CORRUPT') || is('SQLITE_NOTADB')) return damagedState(file, said, advice);
  if (is('SQLITE_BUSY') || is('SQLITE_LOCKED') || is('SQLITE_PROTOCOL')) {
    return `the state file ${file} is held by another program (${code}: ${said}): close it there, ${advice.again}`;
  }
  return undefined;
}

/**
 * What an error of the file system means for a file of the state beside the database, as a
 * `state-unusable` error that says what to do; undefined where it is no such error.
 */
export function fileFailure(error: unknown, path: string): FatalError | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  const said = error.message;
  return new FatalError('state-unusable', fileProblem(String(error.code), path, said), error);
}

function fileProblem(code: string, path: string, said: string): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return `no space left for the results in ${path} (${said}): make room there, ${JOB_ADVICE.again}`;
    case 'EIO':
      return `the results in ${path} can't be read or written (${said}): check the disk, ${JOB_ADVICE.again}`;
    default:
      return `the results in ${path} can't be written (${said}): make the directory and its files writable, or name another with --state`;
  }
}

/** The line for a state file that is torn, corrupt or not a database at all. */
export function damagedState(file: string, said: string, advice: StateAdvice): string {
  return `the state file ${file} is damaged or is not a state of bucketfill (${oneLine(said)}): ${advice.afresh}`;
}

/** SQLite quotes what it has found, whatever characters that holds. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
