import { targetUrl } from '../../http/target-url.ts';
import { MAX_KEY_BYTES, utf8Length } from '../../model/object-key.ts';
import type { PassedReason, WalkStep } from '../../model/walk.ts';
import { type AddressFrame, belowAddress } from './below-address.ts';
import type { RobotsRules } from './robots.ts';
import type { SitemapEntry } from './sitemap-page.ts';

/** Where a sitemap stands. */
export interface SitemapFrame extends AddressFrame {
  readonly url: string;
  /** From 1. */
  readonly level: number;
  readonly robots: RobotsRules;
}

/** Enough of a URL for people to find it. */
const SHOWN_CHARACTERS = 300;

/** Turns the entries of one sitemap into steps: one step each. */
export class SitemapSteps {
  readonly #frame: SitemapFrame;
  #found: WalkStep[] = [];
  #links = 0;

  constructor(frame: SitemapFrame) {
    this.#frame = frame;
  }

  add(entry: SitemapEntry): void {
    this.#links += 1;
    this.#found.push(entry.kind === 'page' ? this.#page(entry) : this.#sitemap(entry));
  }

  /** What was found since it was last asked. */
  take(): { readonly found: readonly WalkStep[]; readonly links: number } {
    const taken = { found: this.#found, links: this.#links };
    this.#found = [];
    this.#links = 0;
    return taken;
  }

  #page({ loc, lastmod }: SitemapEntry): WalkStep {
    const below = belowAddress(loc, this.#frame);
    if ('reason' in below) return passed(below.reason, loc);
    const { originKey } = below;
    if (utf8Length(originKey) > MAX_KEY_BYTES) return passed('too-long', loc);
    if (!this.#mayAsk(loc)) return passed('robots', loc);
    return { kind: 'object', originKey, ...dateOf(lastmod) };
  }

  /** Other sites' sitemaps say nothing about this one's (sitemaps.org, "Sitemap index"). */
  #sitemap({ loc }: SitemapEntry): WalkStep {
    const { url, level } = this.#frame;
    const target = targetUrl(loc);
    if (target === undefined || target.site !== targetUrl(url)?.site) {
      return passed('other-site', loc);
    }
    if (loc === url) return passed('loop', loc);
    if (!this.#mayAsk(loc)) return passed('robots', loc);
    return { kind: 'place', place: { at: `${level + 1} ${loc}`, prefix: '' } };
  }

  #mayAsk(loc: string): boolean {
    const { robots } = this.#frame;
    return robots.allowsAll || robots.allows(targetUrl(loc)?.path ?? '/');
  }
}

function passed(reason: PassedReason, loc: string): WalkStep {
  return { kind: 'passed', reason, link: loc.slice(0, SHOWN_CHARACTERS).toWellFormed() };
}

/** W3C's profile of ISO 8601; a time of nobody knows where is none. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const [MINUTE_MS, SECOND_MS, MILLISECOND] = [60_000, 1000, 1];
/** A day is over everywhere twelve hours after it is in Greenwich. */
const ANY_DAY_MS = 36 * 60 * MINUTE_MS;

function dateOf(lastmod: string): { lastModifiedMs?: number; resolutionMs?: number } {
  const [whole, seconds, fraction] = TIME.exec(lastmod) ?? [];
  const lastModifiedMs = Date.parse(lastmod);
  if (DAY.test(lastmod) && !Number.isNaN(lastModifiedMs)) {
    return { lastModifiedMs, resolutionMs: ANY_DAY_MS };
  }
  if (whole === undefined || Number.isNaN(lastModifiedMs)) return {};
  const fine = fraction === undefined ? SECOND_MS : MILLISECOND;
  return { lastModifiedMs, resolutionMs: seconds === undefined ? MINUTE_MS : fine };
}
