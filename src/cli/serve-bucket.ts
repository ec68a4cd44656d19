import path from 'node:path';
import type { BodyMemory } from '../model/body-memory.ts';
import type { Bucket } from '../model/bucket.ts';
import type { BucketSettings } from '../model/rule.ts';
import type { Log } from '../report/log.ts';
import type { Cleanup } from './cleanup.ts';
import { type BucketMeans, openBucket } from './open-bucket.ts';
import type { Surroundings } from './surroundings.ts';

/** Connections to the bucket at once, for reading and for writing. */
const CONNECTIONS = 1024;
/** A client is told of the bucket's trouble rather than kept waiting. */
const READ_ATTEMPTS = 2;

/** A bucket that clients are answered from. */
export interface ServeBucket {
  readonly bucket: Bucket;
  /** Names this very bucket. */
  readonly id: string;
}

/**
 * Opens the bucket twice: reads fail soon, writes wait for a bucket that is away for a while.
 * @throws FatalError `bucket-unusable`, `usage`
 */
export async function openServeBucket(
  settings: BucketSettings,
  rulesFile: string,
  memory: BodyMemory,
  stop: { readonly drain: AbortSignal; readonly abort: AbortSignal },
  surroundings: Surroundings,
  log: Log,
  cleanup: Cleanup,
): Promise<ServeBucket> {
  const folder = path.dirname(path.resolve(surroundings.cwd, rulesFile));
  const means = { concurrency: CONNECTIONS, memory };
  const open = async (use: Pick<BucketMeans, 'attempts' | 'lendsReads'>) => {
    const opened = await openBucket(
      settings,
      folder,
      { ...means, ...use },
      stop.abort,
      surroundings,
      log,
    );
    cleanup.add(() => opened.close());
    return opened;
  };
  const { bucket: reader } = await open({ attempts: READ_ATTEMPTS, lendsReads: true });
  const writer = await open({});
  const id = await writer.check({ write: true, presence: true }, stop.drain);
  const bucket: Bucket = {
    ...writer.bucket,
    head: (key, signal) => reader.head(key, signal),
    read: (key, take, signal, options) => reader.read(key, take, signal, options),
  };
  return { bucket, id };
}
