/**
 * How it is found out whether the bucket has a key: from a listing that covers many keys, by a HEAD
 * for each, or by the write itself, which loses where the key is taken.
 */
export type PresenceWay = 'list' | 'head' | 'write';

/** What has been measured so far; undefined where nothing was. Times are of one request, in ms. */
export interface PresenceCosts {
  /** The keys come in the order of listings. */
  readonly ordered: boolean;
  /** A write to a taken key is sure to lose. */
  readonly exclusiveCreate: boolean;
  readonly headMs: number | undefined;
  readonly pageMs: number | undefined;
  /** How many of the asked keys one page of the listing has answered. */
  readonly keysAPage: number | undefined;
  /** Share of keys that the bucket had, in [0, 1]. */
  readonly takenShare: number | undefined;
  /** Fetching and storing one object. */
  readonly copyMs: number | undefined;
}

/** The way that costs the least time on requests for a key; what was not tried yet is tried. */
export function choosePresence(costs: PresenceCosts): PresenceWay {
  const list = listMs(costs);
  const head = costs.headMs ?? (isWorthListing(costs) ? Infinity : 0);
  const write = wastedMs(costs);
  if (list <= head && list <= write) return 'list';
  return write < head ? 'write' : 'head';
}

/** What a listing costs for a key; nothing before the first was tried, so that one is. */
function listMs({ ordered, pageMs, keysAPage }: PresenceCosts): number {
  if (!ordered) return Infinity;
  if (pageMs === undefined || keysAPage === undefined) return 0;
  return keysAPage > 0 ? pageMs / keysAPage : Infinity;
}

/** A page that answers more than one key beats HEADs that nobody has timed yet. */
function isWorthListing({ ordered, keysAPage }: PresenceCosts): boolean {
  return ordered && keysAPage !== undefined && keysAPage > 1;
}

/** What writing without asking wastes for a key: whole copies of those that are there already. */
function wastedMs({ exclusiveCreate, takenShare, copyMs }: PresenceCosts): number {
  if (!exclusiveCreate || takenShare === undefined || copyMs === undefined) return Infinity;
  return takenShare * copyMs;
}
