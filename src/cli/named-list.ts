import { FatalError } from '../model/failure.ts';
import type { KeysFormat } from '../scan/keys-format.ts';

/** The flags that name a key list. */
export interface NamedListOptions {
  readonly keys?: string;
  /** Absent: told by the list's first line and name. */
  readonly keysFormat?: KeysFormat;
  /** As `keys` with the format jsonl. */
  readonly manifest?: string;
}

/** A key list as it was named. */
export interface NamedList {
  /** A file, or `-` for stdin. */
  readonly keys: string;
  /** Undefined where the list itself tells. */
  readonly format: KeysFormat | undefined;
}

/**
 * The list that the flags name.
 * @returns undefined where they name none: a scan finds the keys.
 * @throws FatalError `usage` where they contradict each other.
 */
export function namedList(options: NamedListOptions): NamedList | undefined {
  const { keys, keysFormat, manifest } = options;
  if (manifest === undefined) return keys === undefined ? undefined : listed(keys, keysFormat);
  if (keys !== undefined) {
    throw new FatalError('usage', '--keys and --manifest both name the keys: give one of them');
  }
  if (keysFormat !== undefined && keysFormat !== 'jsonl') {
    const why = `a manifest is jsonl, so --keys-format ${keysFormat} does not go with it`;
    throw new FatalError('usage', `${why}: give the file as --keys, or leave the format out`);
  }
  return { keys: manifest, format: 'jsonl' };
}

function listed(keys: string, format: KeysFormat | undefined): NamedList {
  if (keys === '-' && format === 's3-inventory') {
    const why = 'its files lie beside its manifest: give --keys PATH/manifest.json';
    throw new FatalError('usage', `an S3 Inventory can't come on stdin, ${why}`);
  }
  return { keys, format };
}
