import { existsSync } from 'node:fs';
import { access, constants, mkdir, open, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FatalError } from '../model/failure.ts';
import { networkFileSystem } from './network-file-system.ts';

/**
 * Makes a folder in the state directory, and that one itself, safe from a power cut and out of git's
 * sight.
 * @param mode the permissions of what is made from `stateDir` on; absent: as the process is set
 * @throws FatalError `state-unusable` where nothing can be written there, or where a network file
 * system would not hold locks.
 */
export async function prepareFolder(
  stateDir: string,
  folder: string,
  mode?: number,
): Promise<void> {
  const { durable } = await makeFolder(stateDir, folder, mode);
  await durable;
}

/**
 * As {@link prepareFolder}, for who has something to do until it is safe from a power cut.
 * @returns what resolves then, or rejects as it does; that goes unheard until somebody waits for it.
 */
export async function makeFolder(
  stateDir: string,
  folder: string,
  mode?: number,
): Promise<{ readonly durable: Promise<void> }> {
  return told(stateDir, async () => {
    const above = await mkdir(dirname(stateDir), { recursive: true });
    await mkdir(folder, { recursive: true, mode });
    await access(folder, constants.W_OK);
    const network = networkFileSystem((await statfs(folder)).type);
    if (network !== undefined) {
      throw new FatalError(
        'state-unusable',
        `the state directory ${stateDir} is on a network file system (${network}), where locks and logs don't hold: name a local one with --state`,
      );
    }
    // A new directory is safe from a power cut only when the one that it stands in is on disk.
    const top = resolve(above ?? stateDir);
    const holders: string[] = [];
    for (let made = resolve(folder); made.length >= top.length; made = dirname(made)) {
      holders.push(dirname(made));
    }
    const durable = told(stateDir, () => syncDirectories(holders));
    durable.catch(() => undefined);
    const ignore = join(stateDir, '.gitignore');
    if (!existsSync(ignore)) await writeFile(ignore, '*\n');
    return { durable };
  });
}

async function syncDirectories(directories: readonly string[]): Promise<void> {
  await Promise.all(directories.map(syncDirectory));
}

/** Makes what was put into a directory, moved or deleted there safe from a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Does `work`; what the file system refuses becomes `state-unusable` and says what to do. */
export async function told<T>(stateDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw directoryFailure(error, stateDir);
  }
}

/** An error of the file system as the `state-unusable` error that it stands for; others as they are. */
export function directoryFailure(error: unknown, stateDir: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  const code = 'code' in error ? String(error.code) : 'unknown';
  return new FatalError(
    'state-unusable',
    `the state directory ${stateDir} can't be used (${error.message}): ${advice(code)}`,
    error,
  );
}

function advice(code: string): string {
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'a file stands in its place; move it, or name another directory with --state';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'make room there, then run again, it goes on where it stands';
    default:
      return 'make it writable, or name another with --state';
  }
}
