/**
 * A part of an origin that is walked by itself: one index page, one page of a listing, one sitemap.
 */
export interface WalkPlace {
  /** Names the place to the walk that found it; one line of well-formed text that outlives the process. */
  readonly at: string;
  /** Every origin key that is found in the place, or below it, begins so. */
  readonly prefix: string;
}

/** Why a link, or an entry of a listing, is no object and no place. The list is closed. */
export const PASSED_REASONS = [
  /** Leads back to its own page, or to one above it. */
  'loop',
  /** Not below the address that is walked. */
  'outside',
  /** Below the address, but not below the page that names it. */
  'elsewhere',
  /** More than one level below its page: the pages between are walked anyway. */
  'deeper',
  /** Another scheme, host or port. */
  'other-site',
  /** Asks by a query, such as the links that sort a table. */
  'query',
  'fragment',
  /** Its name holds an encoded `/`, which no key can be told from a real one. */
  'encoded-slash',
  'double-slash',
  'dot-segment',
  /** A `%` that is not followed by two hexadecimal digits, or an encoded NUL. */
  'bad-escape',
  'not-utf8',
  /** Longer than any key. */
  'too-long',
  /** Named before by the same page. */
  'duplicate',
  /** The host's robots.txt asks to stay out. */
  'robots',
  'symlink',
  /** A socket, a device or a pipe. */
  'special',
  /** Gone between being listed and being looked at. */
  'vanished',
  /** No key of the rule leads there, or only a guess would. */
  'unmapped',
  /** Its key belongs to another rule. */
  'other-rule',
  /** Its key is left out by what the run was asked for. */
  'filtered',
  /** No key that is asked for can be in there, so it is not walked. */
  'outside-prefix',
] as const;

export type PassedReason = (typeof PASSED_REASONS)[number];

/** What a listing tells of an object; nothing in it is a guess. */
export interface FoundObject {
  readonly kind: 'object';
  /**
   * Path below the walked address, decoded; what `rules/invert-key` takes. Of a list of keys: the
   * bucket's own key.
   */
  readonly originKey: string;
  /** Bytes. */
  readonly size?: number | undefined;
  /** As listed, quotes included. */
  readonly etag?: string | undefined;
  readonly lastModifiedMs?: number | undefined;
  /** How exact `lastModifiedMs` is: the listing's own step, in milliseconds. */
  readonly resolutionMs?: number | undefined;
}

export interface FoundPlace {
  readonly kind: 'place';
  readonly place: WalkPlace;
}

export interface PassedOver {
  readonly kind: 'passed';
  readonly reason: PassedReason;
  /** As the listing has it, for people; at most some hundred characters. */
  readonly link: string;
}

/** What one link, or one entry of a listing, comes to: always exactly one of these. */
export type WalkStep = FoundObject | FoundPlace | PassedOver;

/** Steps that came together; pieces, not single steps, because a page may have a million. */
export interface WalkPiece {
  readonly steps: readonly WalkStep[];
  /** Links that the page's reader counted by itself; equal to the steps, or something was lost. */
  readonly links: number;
  /**
   * When it was listed, by the clock that the dates in it come from, in milliseconds since the epoch;
   * undefined where nobody tells.
   */
  readonly asOfMs?: number | undefined;
  /** Of all steps of the place so far, these included, where the walk has followed them itself. */
  readonly mark?: StepMark | undefined;
}

/** Walks one address for what it holds. Ask it for the start, then for every place that it names. */
export interface OriginWalk {
  /** As events show it: no credentials, no query. */
  readonly name: string;
  /** Where walking begins. The same address always begins at the same places. */
  start(): readonly WalkPlace[];
  /**
   * What a place holds, piece by piece as it comes, in the place's own order: walked again, an
   * unchanged place gives the same steps.
   * @throws Failure where the place can't be listed, or not to its end: what was given out stands.
   * @throws FatalError where nothing of the address can be walked.
   */
  walk(place: WalkPlace, signal: AbortSignal): AsyncIterable<WalkPiece>;
  close(): Promise<void>;
}

/** How far a place's steps were taken, and what they were. */
export interface StepMark {
  readonly count: number;
  /** Of the steps in their order. */
  readonly hash: number;
}

/** A place of a scan with how much of it was recorded before. */
export interface OpenPlace extends WalkPlace {
  /** Unique in its scan. */
  readonly id: number;
  /** Index of the walk that it belongs to. */
  readonly source: number;
  readonly recorded: StepMark;
}
