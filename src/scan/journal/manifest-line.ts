import type { ManifestEntry } from '../../model/scan-journal.ts';

const MINUTE_MS = 60_000;
const ISO_MINUTES = 'YYYY-MM-DDTHH:MM'.length;
const ABOUT_LENGTH = 'YYYY-MM-DDTHH:MMZ'.length;

/**
 * An entry as a line of a manifest, its line end included. A date that is exact only to the minute
 * is `lastModifiedAbout`: what is declared as `lastModified` is held against the origin's answer
 * to the second. An origin key that is the key itself is left out.
 */
export function manifestLine(entry: ManifestEntry): string {
  const { key, size, etag, rule, originKey, racy } = entry;
  const date = dateText(entry);
  // Put together by hand: a line is written for every key of an origin.
  let line = `{"key":${JSON.stringify(key)}`;
  if (size !== undefined) line += `,"size":${size}`;
  if (etag !== undefined) line += `,"etag":${JSON.stringify(etag)}`;
  if (date !== undefined)
    line += `,"${date.length > ABOUT_LENGTH ? 'lastModified' : 'lastModifiedAbout'}":"${date}"`;
  if (racy === true) line += ',"racy":true';
  line += `,"rule":"${rule}"`;
  if (originKey !== key) line += `,"originKey":${JSON.stringify(originKey)}`;
  return `${line}}\n`;
}

function dateText({ lastModifiedMs, resolutionMs = 0 }: ManifestEntry): string | undefined {
  return lastModifiedMs === undefined ? undefined : dates.text(lastModifiedMs, resolutionMs);
}

/** Neighbours in a listing often have one date, and making its text takes longer than the rest. */
class LastDate {
  #ms = Number.NaN;
  #resolutionMs = 0;
  #text: string | undefined;

  text(ms: number, resolutionMs: number): string | undefined {
    if (ms === this.#ms && resolutionMs === this.#resolutionMs) return this.#text;
    this.#ms = ms;
    this.#resolutionMs = resolutionMs;
    this.#text = isoText(ms, resolutionMs);
    return this.#text;
  }
}

const dates = new LastDate();

function isoText(ms: number, resolutionMs: number): string | undefined {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return undefined;
  const iso = date.toISOString();
  return resolutionMs < MINUTE_MS ? iso : `${iso.slice(0, ISO_MINUTES)}Z`;
}
