import { Failure } from '../../model/failure.ts';
import { inventoryFilePath } from '../find-inventory-files.ts';

/** The files of a list, wherever they are, as files that can be opened here. */
export interface ListFiles {
  /** As messages show it: no credentials, no query. */
  readonly name: string;
  /**
   * The path of the list itself, or of the manifest that names further files.
   * @throws Failure where it can't be fetched; FatalError `usage` where it can't be kept.
   */
  main(signal: AbortSignal): Promise<string>;
  /**
   * Finds a file that the manifest names.
   * @param key in the bucket that the list was written to
   * @throws as `main`
   */
  named(key: string, signal: AbortSignal): Promise<ListFile>;
  /** Removes what was fetched. */
  close(): Promise<void>;
}

export interface ListFile {
  readonly path: string;
  /** It was read: what was fetched for it can go. */
  release(): Promise<void>;
}

/** The files of a list on this machine. */
export function localListFiles(path: string): ListFiles {
  return {
    name: path,
    main: () => Promise.resolve(path),
    named: async (key) => {
      const found = await inventoryFilePath(path, key);
      if (found !== undefined) return { path: found, release: () => Promise.resolve() };
      const missing = `${path}: its file ${JSON.stringify(key)} is not there`;
      throw new Failure('ORIGIN_NOT_FOUND', `${missing}: fetch it into the folder of the manifest`);
    },
    close: () => Promise.resolve(),
  };
}
