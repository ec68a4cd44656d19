import path from 'node:path';
import process from 'node:process';
import { countBucketRequests } from '../guard/count-requests.ts';
import { watchBucket } from '../guard/watch-bucket.ts';
import type { BodyMemory } from '../model/body-memory.ts';
import type { Bucket } from '../model/bucket.ts';
import type { ObjectRemover } from '../model/object-remover.ts';
import type { BucketSettings } from '../model/rule.ts';
import type { Log } from '../report/log.ts';
import type { Surroundings } from './surroundings.ts';

/** What a run is going to ask of its bucket. */
export interface BucketNeeds {
  /** False in a dry run. */
  readonly write: boolean;
  /** It must be told for a key whether there is an object. */
  readonly presence: boolean;
  /** Nothing is written before it resolves; where it fails the check fails with it, first of all. */
  readonly admitted?: Promise<void> | undefined;
}

/** What a bucket may use. */
export interface BucketMeans {
  /** Objects under way at once. */
  readonly concurrency: number;
  /** The budget of bodies in flight. */
  readonly memory: BodyMemory;
  /** Requests for one call until the bucket counts as gone; absent: about a minute of them. */
  readonly attempts?: number;
  /** What the start check found out, where another thread has made it. */
  readonly exclusiveCreate?: boolean;
  /** It is read for clients, who get the bodies as they come. Absent: false. */
  readonly lendsReads?: boolean;
}

/** A bucket and its start check. */
export interface OpenedBucket {
  readonly bucket: Bucket;
  readonly remover: ObjectRemover;
  /** A HEAD costs no request. */
  readonly headIsCheap: boolean;
  /** Whether a conditional write is sure to lose against an object that is there. */
  readonly exclusiveCreate: () => boolean;
  /**
   * The start check.
   * @returns what names this very bucket, for the job's fingerprint.
   * @throws FatalError `bucket-unusable`.
   */
  readonly check: (needs: BucketNeeds, signal: AbortSignal) => Promise<string>;
  /** Requests that the bucket has had. */
  readonly requests: () => number;
  readonly close: () => Promise<void>;
}

/** A store is given this long before it counts as gone: with growing pauses about a minute. */
const STORE_ATTEMPTS = 9;
const STORE_TIMEOUTS = { connectMs: 5000, firstByteMs: 60_000, idleMs: 30_000 };
/** Beside the objects under way: parts of large ones. */
const SPARE_CONNECTIONS = 16;

/** Opens the bucket of a rules file that stands in `folder`; relative paths start there. */
export async function openBucket(
  settings: BucketSettings,
  folder: string,
  { concurrency, memory, ...means }: BucketMeans,
  drain: AbortSignal,
  surroundings: Surroundings,
  log: Log,
): Promise<OpenedBucket> {
  const { location } = settings;
  if (location.kind === 'file') {
    return openDirectory(settings.url, path.resolve(folder, location.path), surroundings);
  }
  const { bucket: name, prefix } = location;
  const { clock, onBoundary } = surroundings;
  const { s3Bucket } = await import('../bucket/s3-bucket.ts');
  const { openStore } = await import('./open-s3-store.ts');
  const store = await openStore(
    {
      name: `s3://${name}/`,
      bucket: name,
      settings,
      role: 'bucket',
      allowPrivate: true,
      timeouts: STORE_TIMEOUTS,
      connections: concurrency + SPARE_CONNECTIONS,
      attempts: means.attempts ?? STORE_ATTEMPTS,
      lendsReads: means.lendsReads === true,
      drain,
    },
    folder,
    surroundings,
  );
  const shared = { store, memory, clock, onBoundary, hasConditionalWrites: means.exclusiveCreate };
  const bucket = s3Bucket({ ...settings, ...shared, name: settings.url, prefix });
  return {
    bucket: watchBucket(bucket, (signal) => store.control.headBucket(signal)),
    remover: bucket,
    headIsCheap: false,
    exclusiveCreate: () => bucket.exclusiveCreate(),
    check: async (needs, signal) => {
      for (const notice of await bucket.check(needs, signal)) log.info(notice);
      return `${settings.endpoint ?? 'AWS'} ${name}/${prefix}`;
    },
    requests: () => store.requests(),
    close: () => bucket.close(),
  };
}

/** Opens a directory as a bucket. */
export async function openDirectory(
  name: string,
  directory: string,
  surroundings: Surroundings,
): Promise<OpenedBucket> {
  const { clock, onBoundary, host, pid } = surroundings;
  const { openFileBucket } = await import('../bucket/file-bucket.ts');
  const bucket = await openFileBucket({
    directory,
    name,
    clock,
    owner: { host, pid, isAlive },
    onBoundary,
  });
  const counted = countBucketRequests(bucket);
  return {
    bucket: counted.bucket,
    remover: bucket,
    headIsCheap: true,
    exclusiveCreate: () => true,
    check: async ({ write, admitted }) => {
      await admitted;
      if (write) return `directory ${await bucket.check()}`;
      await bucket.checkReadable();
      return name;
    },
    requests: counted.count,
    close: () => Promise.resolve(),
  };
}

/** Whether a process with this pid runs on this host, whoever owns it. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
