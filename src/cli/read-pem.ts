import { readFile } from 'node:fs/promises';
import { FatalError } from '../model/failure.ts';

/**
 * A PEM file that a rules file names.
 * @param where the field's path, for the message
 * @throws FatalError `usage` where the file can't be read or is no PEM.
 */
export async function readPem(file: string, where: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    if (text.includes('-----BEGIN ')) return text;
    throw new Error('it holds no PEM block (-----BEGIN …)');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FatalError('usage', `${where}: ${file} can't be used: ${why}`, error);
  }
}
