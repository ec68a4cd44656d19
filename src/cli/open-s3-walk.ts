import { Failure, FatalError } from '../model/failure.ts';
import type { OriginWalk } from '../model/walk.ts';
import { s3Listing } from '../scan/walk/s3-listing.ts';
import { originFailure } from '../s3/explain-s3-error.ts';
import { listLevel } from '../s3/list-level.ts';
import { listingAddress } from './listing-address.ts';
import type { Hosts } from './open-hosts.ts';
import { openStore } from './open-s3-store.ts';
import { paceStore } from './pace-store.ts';
import type { PickedSource } from './scan-sources.ts';
import { storeHost } from './store-host.ts';
import type { Surroundings } from './surroundings.ts';

/** A bucket that is listed, with how many requests that took so far. */
export interface OpenedListing {
  readonly walk: OriginWalk;
  /** @throws FatalError `origins-unusable` where the bucket can't be listed. */
  readonly check: (signal: AbortSignal) => Promise<void>;
  readonly requests: () => number;
}

export interface ListingSettings {
  readonly allowPrivate: boolean;
  /** Where relative paths of the rules file start. */
  readonly folder: string;
  readonly concurrency: number;
  /** Aborts when the run is to stop. */
  readonly drain: AbortSignal;
}

/**
 * Opens the bucket of a source for listing, over connections of its own.
 * @param hosts the limits of the whole run
 * @throws FatalError `usage`.
 */
export async function openS3Walk(
  source: PickedSource,
  settings: ListingSettings,
  hosts: Hosts,
  surroundings: Surroundings,
): Promise<OpenedListing> {
  const { rule } = source;
  const { request, protect, origins } = rule;
  const { bucket, settings: s3, base, from } = listingAddress(source, surroundings.env);
  const { allowPrivate, concurrency, drain, folder } = settings;
  const name = `s3://${bucket}/`;
  const store = await openStore(
    {
      name,
      bucket,
      settings: s3,
      role: 'origin',
      allowPrivate,
      timeouts: request.timeouts,
      connections: Math.min(protect.concurrency, concurrency),
      attempts: origins?.retries.perAddress ?? 1,
      drain,
    },
    folder,
    surroundings,
  );
  const limits = hosts.of(storeHost(s3, bucket), {
    protect,
    maxPauseMs: origins?.retries.maxMs ?? 0,
    traffic: { bodyBytes: 0 },
  });
  const paced = { ...paceStore(store, limits), close: () => store.close() };
  const shown = `${name}${base}`;
  return {
    walk: s3Listing({ store: paced, name: shown, base, from }),
    check: async (signal) => {
      try {
        await listLevel(paced, `${base}${from}`, signal);
      } catch (error) {
        throw unusable(error, shown, source);
      }
    },
    requests: () => store.requests(),
  };
}

function unusable(error: unknown, name: string, { label }: PickedSource): unknown {
  const failure = originFailure(error, { bucket: name, doing: 'list objects' });
  if (!(failure instanceof Failure)) return failure;
  return new FatalError('origins-unusable', `rule ${label}: ${failure.message}`, failure);
}
