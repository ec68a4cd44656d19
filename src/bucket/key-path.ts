/** The one folder in a bucket's directory that holds no objects by their names. */
export const OWN_FOLDER = '.bucketfill-bucket';

/** Where encoded keys live, below the bucket's directory. */
export const ENCODED_FOLDER = `${OWN_FOLDER}/keys`;

/** File systems in use accept names of at most 255 bytes. */
const MAX_NAME_BYTES = 255;

/** Bytes of a key in one encoded name: 120 digits stay below every limit, eCryptfs' 143 included. */
const CHUNK_BYTES = 60;

/** Ends an encoded file's name, so that no file can be in the way of a folder. */
const FILE_SUFFIX = '.o';

/** What means the same where case or Unicode forms are folded; no trailing dot. */
const FOLD_SAFE = /^[a-z0-9._+,@=()-]*[a-z0-9_+,@=()-]$/;

/** Names that Windows takes for devices. */
const DEVICE_NAME = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/;

function fitsAsName(segment: string, namesFold: boolean): boolean {
  if (segment === '' || segment === '.' || segment === '..') return false;
  if (namesFold && (!FOLD_SAFE.test(segment) || DEVICE_NAME.test(segment))) return false;
  // One UTF-16 unit is at most three bytes.
  return segment.length * 3 <= MAX_NAME_BYTES || Buffer.byteLength(segment) <= MAX_NAME_BYTES;
}

/**
 * The path of a key that is a plain relative path, below the bucket's directory: the key itself.
 * @param namesFold the file system takes some different names for one.
 * @returns undefined where a file system could not hold the key by its name.
 */
export function plainPath(key: string, namesFold: boolean): string | undefined {
  if (key.includes('\0')) return undefined;
  const segments = key.split('/');
  if (segments[0] === OWN_FOLDER) return undefined;
  return segments.every((segment) => fitsAsName(segment, namesFold)) ? key : undefined;
}

/**
 * The path of a key that can't live under its own name, below the bucket's directory: the hex
 * digits of its UTF-8 in chunks. Every key has exactly one, no two share one, none is in the way
 * of another, and names sort as the keys' bytes do.
 */
export function encodedPath(key: string): string {
  const bytes = Buffer.from(key, 'utf8');
  const names: string[] = [ENCODED_FOLDER];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    names.push(bytes.toString('hex', at, Math.min(at + CHUNK_BYTES, bytes.length)));
  }
  return names.join('/') + FILE_SUFFIX;
}

/** The bytes of the key at a path below {@link ENCODED_FOLDER}; undefined where it is not one. */
export function decodedKey(pathBelow: string): Buffer | undefined {
  if (!pathBelow.endsWith(FILE_SUFFIX)) return undefined;
  const digits = pathBelow.slice(0, -FILE_SUFFIX.length).replaceAll('/', '');
  return /^([0-9a-f]{2})+$/.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}
