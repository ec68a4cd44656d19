import { dirname } from 'node:path';
import { FatalError } from '../model/failure.ts';

const RESUMES = 'then run again, the job resumes where it stands';

/**
 * What a SQLite result code means for a state file, as a `state-unusable` error that says what to
 * do; undefined where the code tells of a bug of this program and not of the file or its disk.
 *
 * @param code SQLite's name of the result, extended or not: `SQLITE_FULL`, `SQLITE_IOERR_WRITE`, …
 */
export function stateFailure(code: string, file: string, cause: Error): FatalError | undefined {
  const text = stateProblem(code, file, cause.message);
  return text === undefined ? undefined : new FatalError('state-unusable', text, cause);
}

function stateProblem(code: string, file: string, said: string): string | undefined {
  const directory = dirname(file);
  const is = (name: string) => code === name || code.startsWith(`${name}_`);
  if (is('SQLITE_FULL')) {
    return `no space left for the state in ${directory}: make room there, ${RESUMES}`;
  }
  if (is('SQLITE_IOERR')) {
    return `the state in ${directory} can't be read or written (${code}: ${said}): check the disk and its free space, ${RESUMES}`;
  }
  if (is('SQLITE_READONLY') || is('SQLITE_CANTOPEN') || is('SQLITE_PERM')) {
    return `the state in ${directory} can't be written (${code}: ${said}): make the directory and its files writable, or name another with --state`;
  }
  if (is('SQLITE_CORRUPT') || is('SQLITE_NOTADB')) return damagedState(file, said);
  if (is('SQLITE_BUSY') || is('SQLITE_LOCKED') || is('SQLITE_PROTOCOL')) {
    return `the state file ${file} is held by another program (${code}: ${said}): close it there, ${RESUMES}`;
  }
  return undefined;
}

/** The line for a state file that is torn, corrupt or not a database at all. */
export function damagedState(file: string, said: string): string {
  return `the state file ${file} is damaged or is not a state of bucketfill (${said}): run with --new-job, which sets it aside and starts afresh`;
}
