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
  // Put together by hand, and in one go: a line is written for every key of an origin.
  const sizeField = size === undefined ? '' : `,"size":${size}`;
  const etagField = etag === undefined ? '' : `,"etag":${quoted(etag)}`;
  const dateName = (date?.length ?? 0) > ABOUT_LENGTH ? 'lastModified' : 'lastModifiedAbout';
  const dateField = date === undefined ? '' : `,"${dateName}":"${date}"`;
  const racyField = racy === true ? ',"racy":true' : '';
  const originField = originKey === key ? '' : `,"originKey":${quoted(originKey)}`;
  return `{"key":${quoted(key)}${sizeField}${etagField}${dateField}${racyField},"rule":"${rule}"${originField}}\n`;
}

/** What JSON writes as it is. */
const UNESCAPED = /^[ !#-[\]-~]*$/;

/** As JSON writes a string, which takes several times as long to find out that it is a plain one. */
function quoted(text: string): string {
  return UNESCAPED.test(text) ? `"${text}"` : JSON.stringify(text);
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
