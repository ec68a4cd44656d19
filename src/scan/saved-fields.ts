import { readFile } from 'node:fs/promises';

/** What a small file of JSON says, each field asked for by its name. */
export interface SavedFields {
  readonly get: (name: string) => unknown;
  /** @throws SyntaxError where it is no number. */
  readonly number: (name: string) => number;
}

/**
 * Reads what {@link writeDurably} left of an object with a `version`.
 * @returns undefined where there is no such file. @throws SyntaxError where it can't be read.
 */
export async function readSavedFields(
  file: string,
  version: number,
): Promise<SavedFields | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const parsed: unknown = JSON.parse(text);
  const fields = new Map<string, unknown>(
    Object.entries(typeof parsed === 'object' && parsed ? parsed : {}),
  );
  if (fields.get('version') !== version) throw new SyntaxError('it is of another version');
  return {
    get: (name) => fields.get(name),
    number: (name) => {
      const value = fields.get(name);
      if (typeof value !== 'number') throw new SyntaxError(`${name} is missing`);
      return value;
    },
  };
}
