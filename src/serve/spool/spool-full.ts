/**
 * The spool space can't keep a body: all that it may take is taken, or its directory does not take,
 * or no longer gives, the bytes. It is about one body; others go on. The message is one line: what
 * failed, where, and what to do.
 */
export class SpoolFull extends Error {
  override readonly name = 'SpoolFull';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left there; free some',
  EDQUOT: 'the disk quota is used up; free some space or raise it',
  EFBIG: 'files may not be as large there; raise `ulimit -f`',
  EACCES: 'permission denied; let this user write there',
  EPERM: 'the file system does not permit it; let this user write there',
  EROFS: 'the file system is read-only; mount it writable',
  EIO: 'the device failed; check the disk',
  EMFILE: 'too many open files; raise `ulimit -n`',
  ENFILE: 'the system has too many open files; close some',
  ENOTDIR: 'a file stands where a folder is needed; move it away',
  EEXIST: 'a file stands where a folder is needed; move it away',
};

function adviceFor(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const advice = ADVICE[code];
  if (advice !== undefined) return `${advice} (${code})`;
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ');
}

/** What the file system threw when bytes of a body were to be `written` or `read`. */
export function spoolTrouble(
  verb: 'written' | 'read',
  directory: string,
  cause: unknown,
): SpoolFull {
  const what = `a body on its way could not be ${verb} in the spool directory ${directory}`;
  return new SpoolFull(`${what}: ${adviceFor(cause)}, or use another directory`, cause);
}

/** A body that is larger than all spools together may be: it is not begun. */
export class LargerThanSpool extends SpoolFull {
  constructor(bytes: number, mostBytes: number) {
    const what = `a body of ${bytes} bytes is larger than the spool, which may take ${mostBytes}`;
    super(`${what}: it is passed on and not stored; allow more with --spool, or migrate it`);
  }
}
