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
  const text = stateProblem(code, file, oneLine(cause.message));
  return text === undefined ? undefined : new FatalError('state-unusable', text, cause);
}

function stateProblem(code: string, file: string, said: string): string | undefined {
  const directory = dirname(file);
  const is = (name: string) => code === name || code.startsWith(`${name}_`);
  if (is('SQLITE_FULL')) {
    return `no space left for the state in ${directory}: make room there, ${RESUMES}`;
  }
  // A file shorter than its header says was cut, whatever the disk is like.
  if (is('SQLITE_IOERR_SHORT_READ')) return damagedState(file, said);
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
      return `no space left for the results in ${path} (${said}): make room there, ${RESUMES}`;
    case 'EIO':
      return `the results in ${path} can't be read or written (${said}): check the disk, ${RESUMES}`;
    default:
      return `the results in ${path} can't be written (${said}): make the directory and its files writable, or name another with --state`;
  }
}

/** The line for a state file that is torn, corrupt or not a database at all. */
export function damagedState(file: string, said: string): string {
  return `the state file ${file} is damaged or is not a state of bucketfill (${oneLine(said)}): run with --new-job, which sets it aside and starts afresh`;
}

/** SQLite quotes what it has found, whatever characters that holds. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
