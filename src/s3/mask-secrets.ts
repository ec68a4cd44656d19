import { Failure } from '../model/failure.ts';
import type { AccessKeys } from './s3-store.ts';

/** Text with what must not be shown replaced. */
export type Mask = (text: string) => string;

/** What stands where a secret was. */
const MASK = '***';

/** Values shorter than this, in characters, would take words apart and are no keys of any store. */
const SHORTEST_VALUE = 4;

/** Keys are renewed while requests with the old ones are under way: so many values are known. */
const VALUES_KEPT = 6;

/** What names a secret: parameters of signed URLs, headers, elements of errors. */
const NAMED =
  /\b((?:X-(?:Amz|Goog)-)?(?:Signature(?:Provided)?|Credential|Security-?Token)|(?:AWS|Goog(?:le)?)?[-_]?(?:Secret[-_]?)?Access[-_]?Key(?:[-_]?Id)?|(?:AWS[-_])?Session[-_]?Token)("?\s*(?:=|%3D|:|>|&gt;)\s*"?)[^\s"'&<>,;]+/gi;

/** `AWS id:signature`, the older kind of Authorization. */
const VERSION_2 = /\bAWS [^\s:]+:[^\s"'<>,;]+/g;

/** From here on it is what was signed, which has the session token in it. */
const SIGNED = /\b(?:StringToSign|CanonicalRequest|AWS4-HMAC-SHA256\s+\d{8}T)[^]*$/i;

/** Takes out what is known by its name to belong to a signature. */
export function maskSignatures(text: string): string {
  return text.replace(SIGNED, MASK).replace(NAMED, `$1$2${MASK}`).replace(VERSION_2, `AWS ${MASK}`);
}

/** Knows the keys that requests were signed with, and keeps them out of texts of a store. */
export class SecretMask {
  #values: readonly string[] = [];
  #patterns: readonly RegExp[] | undefined = [];
  #learnt: AccessKeys | undefined;

  /** Takes note of keys before they are used. */
  learn(keys: AccessKeys): void {
    // Every request brings its keys, which hardly ever are other ones.
    if (keys === this.#learnt) return;
    this.#learnt = keys;
    const { accessKeyId, secretAccessKey, sessionToken } = keys;
    const values = [accessKeyId, secretAccessKey, sessionToken ?? ''].filter(
      (value) => value.length >= SHORTEST_VALUE,
    );
    if (values.every((value) => this.#values.includes(value))) return;
    this.#values = [...new Set([...values, ...this.#values])].slice(0, VALUES_KEPT);
    this.#patterns = undefined;
  }

  readonly mask: Mask = (text) => {
    // The longest first: one may be part of another.
    this.#patterns ??= this.#values.toSorted((a, b) => b.length - a.length).map(spellings);
    let masked = text;
    for (const pattern of this.#patterns) masked = masked.replace(pattern, MASK);
    return maskSignatures(masked);
  };
}

/** A value as it is, and as URLs, HTML, XML and JSON spell it. */
function spellings(value: string): RegExp {
  const source = value.replace(/[^\da-z]/gi, (character) => {
    const code = character.charCodeAt(0);
    const hex = code.toString(16).padStart(2, '0');
    return `(?:\\\\?\\x${hex}|%(?:25)*${hex}|&#0*${String(code)};|&#x0*${hex};|\\\\u00${hex})`;
  });
  return new RegExp(source, 'gi');
}

/**
 * A failure of the network that quotes the store, without secrets and without the cause that it
 * has them from, such as a parser's error with the bytes that it could not read; the same failure
 * where there is no secret.
 */
export function maskedFailure(error: unknown, mask: Mask): unknown {
  if (!(error instanceof Failure)) return error;
  const { code, message, status, origin, retryAfterMs, cause } = error;
  const quoted = [message, ...(cause instanceof Error ? [cause.message, ...textsOf(cause)] : [])];
  if (quoted.every((text) => mask(text) === text)) return error;
  return new Failure(code, mask(message), { status, origin, retryAfterMs });
}

const textsOf = (error: Error): string[] =>
  Object.values(error).filter((value) => typeof value === 'string');
