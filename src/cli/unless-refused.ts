import { FatalError } from '../model/failure.ts';

/**
 * Does `work` on a file that the user has named.
 * @throws FatalError `usage` for what the file system refuses.
 */
export async function unlessRefused<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new FatalError('usage', `${file} can't be written: ${error.message}`, error);
  }
}
