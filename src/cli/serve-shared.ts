import { openSharedStore, type SharedStore } from '../checkpoint/shared-store.ts';
import type { Bucket } from '../model/bucket.ts';
import { forgivingClaims, forgivingJournal } from '../serve/forgiving-store.ts';
import { HeldKeys } from '../serve/held-keys.ts';
import type { Serving } from '../serve/serving.ts';
import { OpenUploads } from '../transfer/open-uploads.ts';
import { sweepUploads } from '../transfer/sweep-uploads.ts';
import type { Cleanup } from './cleanup.ts';
import { sharedFolder } from './known-bucket.ts';
import type { Surroundings } from './surroundings.ts';

/** What a proxy shares with the other processes on its bucket. */
export interface ServeShared extends Pick<Serving, 'held' | 'uploads'> {
  readonly shared: SharedStore;
}

/** Where it is kept, and who is told when it can't be used any more. */
export interface ServeSharing {
  readonly stateDir: string;
  readonly bucketId: string;
  readonly surroundings: Surroundings;
  readonly drain: AbortSignal;
  readonly onTrouble: (error: unknown) => void;
}

/** Opens the store that all processes on the bucket share. @throws FatalError `state-unusable` */
export async function openServeShared(
  { stateDir, bucketId, surroundings, drain, onTrouble }: ServeSharing,
  cleanup: Cleanup,
): Promise<ServeShared> {
  const { clock, steadyClock, pid, host } = surroundings;
  const now = (): number => clock.now();
  const directory = sharedFolder(stateDir, bucketId);
  const shared = await openSharedStore({ directory, now });
  cleanup.add(() => shared.close());
  const claims = forgivingClaims(shared.claims, onTrouble);
  const owner = `serve pid ${pid} on ${host}`;
  const journal = forgivingJournal(shared.uploads.own, onTrouble);
  return {
    shared,
    held: new HeldKeys({ claims, owner, steadyClock, drain }),
    uploads: await OpenUploads.load(journal, now),
  };
}

/**
 * Aborts the multipart uploads that proxies left which are gone, one after the other. What is not
 * done when the proxy is told to stop is for the next one.
 * @param warn takes a line for people where some could not be aborted
 */
export async function abortLeftUploads(
  { shared: { uploads }, uploads: { now } }: ServeShared,
  bucket: Bucket,
  drain: AbortSignal,
  warn: (line: string) => void,
): Promise<void> {
  try {
    for (const journal of await uploads.ofDead()) {
      const left = await OpenUploads.load(journal, now);
      const { refusals } = await sweepUploads(left, bucket, drain);
      const [first] = refusals;
      if (first === undefined) continue;
      const what = `${refusals.length} uploads that an earlier serve left were not aborted`;
      warn(`${what}, cleanup tries again: ${first}`);
    }
  } catch (error) {
    if (!drain.aborted) throw error;
  }
}
