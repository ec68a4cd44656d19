import type { FoundObject } from '../../model/walk.ts';

/** When an object was listed. */
export interface ListingMoment {
  /** By the clock that the listing's dates come from; undefined where nobody tells. */
  readonly asOfMs: number | undefined;
  /** By the scan's own clock. */
  readonly nowMs: number;
}

/** HTTP dates have whole seconds: what was listed may be so much older than it says. */
const SECOND_MS = 1000;

/** Clocks that nobody compares may be apart; most are not by more than this. */
const UNKNOWN_CLOCK_MS = 5 * 60_000;

/**
 * Whether an edit right after the listing could leave the object with the date that was listed: the
 * date is in the listing's own step of time, or ahead of it, and no ETag tells versions apart. Sizes
 * tell nothing, because edits may keep them.
 */
export function isRacy(
  { etag, lastModifiedMs, resolutionMs = 0 }: Omit<FoundObject, 'kind' | 'originKey'>,
  { asOfMs, nowMs }: ListingMoment,
): boolean {
  if (lastModifiedMs === undefined || etag !== undefined) return false;
  const step = resolutionMs + SECOND_MS;
  return asOfMs === undefined
    ? nowMs - lastModifiedMs < Math.max(step, UNKNOWN_CLOCK_MS)
    : asOfMs - lastModifiedMs < step;
}
