import { createHash } from 'node:crypto';
import path from 'node:path';
import { knownDirectoryId } from '../bucket/known-directory-id.ts';
import type { BucketSettings } from '../model/rule.ts';

/** Hexadecimal digits that tell apart the buckets of one state directory. */
const DIGITS = 16;

/**
 * What names the very bucket of a rules file, as its start check says, without asking it: undefined
 * for a directory that no command has filled or served yet.
 * @param folder where relative paths of the rules file start
 * @throws FatalError `bucket-unusable` where a directory can't be read.
 */
export async function knownBucketId(
  { location, endpoint }: BucketSettings,
  folder: string,
): Promise<string | undefined> {
  if (location.kind === 's3') {
    return `${endpoint ?? 'AWS'} ${location.bucket}/${location.prefix}`;
  }
  const id = await knownDirectoryId(path.resolve(folder, location.path));
  return id === undefined ? undefined : `directory ${id}`;
}

/** Where the store is that all commands on a bucket share. */
export function sharedFolder(stateDir: string, bucketId: string): string {
  const digest = createHash('sha256').update(bucketId).digest('hex').slice(0, DIGITS);
  return path.join(stateDir, 'buckets', digest);
}
