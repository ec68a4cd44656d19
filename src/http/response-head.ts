import type { Headers } from '../model/ports.ts';
import type { HeadStrings } from './head-strings.ts';

/** The head of an answer: everything before its body. */
export interface ResponseHead {
  readonly status: number;
  /** Lower-case names; bytes above ASCII stand as the Latin-1 characters of those bytes. */
  readonly headers: Headers;
  /** Set-Cookie can't be joined, so it stands apart from `headers`. */
  readonly setCookies: readonly string[];
  /** What Content-Length declares, in bytes; of an answer to HEAD, what GET would bring. */
  readonly length: number | undefined;
  /** What marks the end of the body; an answer that can have no body is framed by `length`. */
  readonly framing: 'length' | 'chunked' | 'close';
}

/** Most answers set none. */
const NO_COOKIES: readonly string[] = [];

/**
 * Reads a parsed head.
 * @param fields names and values in turn, as they came
 * @throws Error where the framing is one that we can't take apart, so that its body is not read as
 * something it is not.
 */
export function responseHead(
  method: string,
  status: number,
  fields: readonly Buffer[],
  strings: HeadStrings,
): ResponseHead {
  const headers: Record<string, string> = {};
  let setCookies = NO_COOKIES;
  for (let at = 1; at < fields.length; at += 2) {
    const rawName = fields[at - 1];
    const rawValue = fields[at];
    if (rawName === undefined || rawValue === undefined) break;
    const { name, value, isPlain } = strings.field(at >> 1, rawName, rawValue);
    if (isPlain) headers[name] = value;
    else if (name === 'set-cookie') setCookies = [...setCookies, value];
    else if (name !== '__proto__') headers[name] = joined(headers, name, value);
  }
  const length = declaredLength(headers['content-length']);
  return { status, headers, setCookies, length, framing: framing(method, status, headers, length) };
}

/** A repeated field goes behind those of its name. */
function joined(headers: Headers, name: string, value: string): string {
  const before = headers[name];
  // Every object has a `constructor`, which is no field.
  return before === undefined || !Object.hasOwn(headers, name) ? value : `${before}, ${value}`;
}

function declaredLength(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const length = /^\d+$/.test(value) ? Number(value) : NaN;
  if (!Number.isSafeInteger(length)) throw new Error(`Content-Length is ${JSON.stringify(value)}`);
  return length;
}

function framing(
  method: string,
  status: number,
  headers: Headers,
  length: number | undefined,
): ResponseHead['framing'] {
  if (!mayHaveBody(method, status)) return 'length';
  const coding = headers['transfer-encoding']?.toLowerCase();
  if (coding === 'chunked') return 'chunked';
  // `gzip, chunked` would have to be unpacked to get at the object's bytes.
  if (coding !== undefined) throw new Error(`Transfer-Encoding is ${JSON.stringify(coding)}`);
  return length === undefined ? 'close' : 'length';
}

/** Whether an answer has a body at all (RFC 9112 §6.3). */
export function mayHaveBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304;
}
