import { targetUrl } from '../http/target-url.ts';
import type { Entry } from '../model/entry.ts';
import { keyProblem, objectKey } from '../model/object-key.ts';

/** What a list may say of an object beside its key, in the names of columns and JSON fields. */
export const DECLARED_FIELDS = ['url', 'size', 'etag', 'md5', 'lastModified'] as const;

type DeclaredField = (typeof DECLARED_FIELDS)[number];

/** As written; empty or absent: not declared. */
export type DeclaredTexts = Readonly<Partial<Record<DeclaredField, string | undefined>>>;

/**
 * The entry of a key and of what is declared of its object. Anything that can't be read makes the
 * entry invalid: what is declared and not verified would pass for verified.
 * @param at the record's first byte in the list
 */
export function declaredEntry(key: string, texts: DeclaredTexts, at: number): Entry {
  const problem = keyProblem(key);
  if (problem !== undefined) return invalid(key, problem, at);
  const problems: string[] = [];
  const read = <T>(field: DeclaredField, parse: (text: string) => T | undefined, what: string) => {
    const text = texts[field];
    if (text === undefined || text === '') return undefined;
    const value = parse(text);
    // A URL may hold a secret wherever it is broken.
    const shown = field === 'url' ? '' : ` ${JSON.stringify(text.slice(0, MAX_SHOWN))}`;
    if (value === undefined) problems.push(`${field}${shown} is ${what}`);
    return value;
  };
  const url = read('url', httpUrl, 'no absolute http or https URL');
  const size = read('size', wholeNumber, 'no number of bytes');
  const etag = read('etag', (text) => text, 'no ETag');
  const md5 = read('md5', md5Base64, 'no MD5 (base64 or hex)');
  const lastModifiedMs = read('lastModified', moment, 'no time such as 2026-01-31T23:59:59Z');
  const [first] = problems;
  if (first !== undefined) return invalid(key, first, at);
  return {
    key: objectKey(key),
    ...(url === undefined ? {} : { url }),
    ...(size === undefined ? {} : { size }),
    ...(etag === undefined ? {} : { etag }),
    ...(md5 === undefined ? {} : { md5 }),
    ...(typeof lastModifiedMs === 'number' ? { lastModifiedMs } : {}),
  };
}

/** Characters of a bad value that a message shows. */
const MAX_SHOWN = 40;

function invalid(key: string, problem: string, at: number): Entry {
  return { invalid: { key }, reason: `${problem} (byte ${at} of the list)` };
}

function httpUrl(text: string): string | undefined {
  return targetUrl(text) === undefined ? undefined : text;
}

function wholeNumber(text: string): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}

function md5Base64(text: string): string | undefined {
  if (/^[0-9a-f]{32}$/i.test(text)) return Buffer.from(text, 'hex').toString('base64');
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 16 && bytes.toString('base64') === text ? text : undefined;
}

/** ISO 8601 with its zone, or as in HTTP: a time without zone is no moment. */
const ISO_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(:\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)$/i;
const HTTP_TIME = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

/**
 * Milliseconds since the epoch. A time without seconds is `rough`, and no declaration: manifests
 * have such ones of index pages, which round them and may write them in any zone.
 */
function moment(text: string): number | 'rough' | undefined {
  const [iso, date = '', time = '', seconds, zone = ''] = ISO_TIME.exec(text) ?? [];
  const normal = `${date}T${time}${zone.toUpperCase().replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`;
  const ms = Date.parse(HTTP_TIME.test(text) ? text : normal);
  if (Number.isNaN(ms)) return undefined;
  return iso !== undefined && seconds === undefined ? 'rough' : ms;
}
