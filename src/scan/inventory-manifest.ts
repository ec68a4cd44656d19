import { FatalError } from '../model/failure.ts';

/** A file that a manifest names. */
export interface ManifestFile {
  /** In the bucket that the inventory was written to. */
  readonly key: string;
  /** Bytes, as it lies there. */
  readonly size: number | undefined;
  /** 32 hex digits, lower case. */
  readonly md5: string;
}

/** What a manifest says (Amazon S3 User Guide, "Locating your inventory list"). */
export interface Manifest {
  /** Names of the columns of every file, in order. */
  readonly columns: readonly string[];
  readonly files: readonly ManifestFile[];
  /** The bucket that was listed. */
  readonly sourceBucket: string | undefined;
  /** When listing it began, in milliseconds since the epoch. */
  readonly createdMs: number | undefined;
}

/**
 * Takes the `manifest.json` of an S3 Inventory apart.
 * @param name of the list, for messages
 * @throws FatalError `usage` where it is none, or of an inventory that is not CSV.
 */
export function parseManifest(name: string, text: Buffer): Manifest {
  const manifest = asFields(parsed(text));
  const [format, schema, files, source, created] = FIELDS.map((field) => manifest?.get(field));
  if (typeof format !== 'string' || typeof schema !== 'string' || !Array.isArray(files)) {
    const what = 'is no manifest.json of an S3 Inventory: fileFormat, fileSchema and files';
    throw broken(name, `${what} are expected in a JSON object`);
  }
  if (format.toUpperCase() !== 'CSV') {
    const advice = 'only CSV is read: configure the inventory with the format CSV';
    throw broken(name, `is an S3 Inventory in ${JSON.stringify(format)}, and ${advice}`);
  }
  return {
    columns: schema.split(',').map((column) => column.trim()),
    files: files.map((file, index) => manifestFile(name, file, index)),
    sourceBucket: typeof source === 'string' && source !== '' ? source : undefined,
    createdMs:
      typeof created === 'string' && /^\d{1,15}$/.test(created) ? Number(created) : undefined,
  };
}

const FIELDS = ['fileFormat', 'fileSchema', 'files', 'sourceBucket', 'creationTimestamp'];

function manifestFile(name: string, value: unknown, index: number): ManifestFile {
  const fields = asFields(value);
  const [key, size, md5] = ['key', 'size', 'MD5checksum'].map((field) => fields?.get(field));
  if (typeof key !== 'string' || key === '' || key.split('/').includes('..')) {
    throw broken(name, `names no usable key in files[${index}]`);
  }
  if (typeof md5 !== 'string' || !/^[0-9a-f]{32}$/i.test(md5)) {
    throw broken(name, `has no MD5checksum for ${JSON.stringify(key)}`);
  }
  return { key, size: typeof size === 'number' ? size : undefined, md5: md5.toLowerCase() };
}

function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8').replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

function asFields(value: unknown): ReadonlyMap<string, unknown> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? new Map(Object.entries(value)) : undefined;
}

function broken(name: string, what: string): FatalError {
  return new FatalError('usage', `${name} ${what}`);
}
