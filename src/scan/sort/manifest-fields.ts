import { type ObjectKey, keyProblem, objectKey } from '../../model/object-key.ts';
import type { ManifestEntry } from '../../model/scan-journal.ts';

/** A line of JSON as it was parsed. */
export interface Fields {
  readonly [name: string]: unknown;
}

/** What a manifest's dates are exact to: `lastModified`, and `lastModifiedAbout`. */
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

/** @throws SyntaxError where the line is no JSON object. */
export function jsonFields(line: string): Fields {
  const value: unknown = JSON.parse(line);
  if (!isFields(value)) throw new SyntaxError('a line is no JSON object');
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The entry that `journal/manifest-line.ts` wrote. A date that can't be read, as of a year of five
 * digits, leaves the entry racy: nothing is known by it.
 * @throws SyntaxError where the fields are not those of an entry.
 */
export function manifestEntry(fields: Fields): ManifestEntry {
  const key = keyOf(fields['key']);
  const isExact = fields['lastModified'] !== undefined;
  const date = textOf(fields, isExact ? 'lastModified' : 'lastModifiedAbout');
  const lastModifiedMs = date === undefined ? undefined : dates.ms(date);
  const isDated = lastModifiedMs !== undefined;
  const isRacy = fields['racy'] === true || (date !== undefined && !isDated);
  const rule = textOf(fields, 'rule');
  if (rule === undefined) throw new SyntaxError('"rule" is missing');
  return {
    key,
    rule,
    originKey: textOf(fields, 'originKey') ?? key,
    size: sizeOf(fields['size']),
    etag: textOf(fields, 'etag'),
    lastModifiedMs,
    resolutionMs: isDated ? (isExact ? SECOND_MS : MINUTE_MS) : undefined,
    racy: isRacy ? true : undefined,
  };
}

/** @throws SyntaxError where it is no key. */
export function keyOf(value: unknown): ObjectKey {
  if (typeof value !== 'string') throw new SyntaxError('"key" is no text');
  const problem = keyProblem(value);
  if (problem !== undefined) throw new SyntaxError(problem);
  return objectKey(value);
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new SyntaxError(`"${name}" is no text`);
}

/** @throws SyntaxError where it is there and no number of bytes. */
export function sizeOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new SyntaxError('"size" is no number of bytes');
}

/** Neighbours in a listing often have one date. */
class LastDate {
  #text = '';
  #ms = Number.NaN;

  ms(text: string): number | undefined {
    if (text !== this.#text) {
      this.#text = text;
      this.#ms = Date.parse(text);
    }
    return Number.isNaN(this.#ms) ? undefined : this.#ms;
  }
}

const dates = new LastDate();
