import { FatalError } from '../../model/failure.ts';

/**
 * What an error means for files of the state: `state-unusable`, with what to do, where the file
 * system refused, or gave back other bytes than were written (a SyntaxError); any other error as it
 * is.
 * @param what they hold
 * @param at the file, or the folder that they are in
 */
export function diskFailure(error: unknown, what: string, at: string): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'syscall' in error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined && !(error instanceof SyntaxError)) return error;
  return new FatalError('state-unusable', problem(code, what, at, error.message), error);
}

function problem(code: string | undefined, what: string, at: string, said: string): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return `no space left for ${what} at ${at} (${said}): make room there, then run again`;
    case undefined:
    case 'EIO':
      return `${what} at ${at} can't be read or written (${said}): check the disk, then run again`;
    default:
      return `${what} at ${at} can't be read or written (${said}): make it readable and writable, or name another with --state`;
  }
}

/** Does `work`, and throws {@link diskFailure} of what it throws. */
export async function unlessDiskFails<T>(
  what: string,
  at: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFailure(error, what, at);
  }
}
