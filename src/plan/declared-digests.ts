import type { Headers } from '../model/ports.ts';
import { base64OfHex } from './base64-of-hex.ts';

export type DigestAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512';

/** A digest that somebody declared of a body's raw bytes. */
export interface DeclaredDigest {
  readonly algorithm: DigestAlgorithm;
  /** Base64, with its padding. */
  readonly value: string;
  /** Who declared it, for messages: `Content-MD5`. */
  readonly by: string;
}

/** A declaration that names a known algorithm and no digest of it. */
export interface UnreadableDigest {
  readonly by: string;
  /** As it came. */
  readonly text: string;
}

const DIGEST_BYTES: Readonly<Record<DigestAlgorithm, number>> = {
  md5: 16,
  sha1: 20,
  sha256: 32,
  sha512: 64,
};

/** Names in Digest (RFC 3230), Repr-Digest and Content-Digest (RFC 9530), x-goog-hash. */
const LIST_ALGORITHMS: Readonly<Record<string, DigestAlgorithm>> = {
  md5: 'md5',
  sha: 'sha1',
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-512': 'sha512',
};

/** Headers that hold one digest of one algorithm. */
const SINGLES: Readonly<Record<string, DigestAlgorithm>> = {
  'content-md5': 'md5',
  'x-amz-checksum-sha1': 'sha1',
  'x-amz-checksum-sha256': 'sha256',
};

/** Those, and the ones that hold a list. */
const NAMES = [...Object.keys(SINGLES), 'digest', 'repr-digest', 'content-digest', 'x-goog-hash'];

const NONE: readonly never[] = [];

/**
 * Every digest that an answer's headers declare of the whole body as it is sent. What names an
 * algorithm that is not known here is passed over; what names a known one and can't be read is
 * told apart, because a body that can't be checked must not pass for one that was.
 */
export function declaredDigests(headers: Headers): readonly (DeclaredDigest | UnreadableDigest)[] {
  // Most answers declare nothing, and what they are asked for by names costs the least.
  let found: (DeclaredDigest | UnreadableDigest)[] | undefined;
  for (const by of NAMES) {
    const header = headers[by];
    if (header === undefined) continue;
    found ??= [];
    const algorithm = SINGLES[by];
    if (algorithm === undefined) addListed(found, header, by);
    else addSingle(found, header.trim(), algorithm, by);
  }
  return found ?? NONE;
}

function addSingle(
  found: (DeclaredDigest | UnreadableDigest)[],
  text: string,
  algorithm: DigestAlgorithm,
  by: string,
): void {
  // An S3 checksum of a multipart upload is a checksum of checksums: `…-N`.
  if (text !== '' && !/-\d+$/.test(text)) found.push(digestOf(algorithm, text, by));
}

function addListed(found: (DeclaredDigest | UnreadableDigest)[], header: string, by: string): void {
  for (const member of header.split(',')) {
    const at = member.indexOf('=');
    const algorithm = LIST_ALGORITHMS[member.slice(0, Math.max(at, 0)).trim().toLowerCase()];
    if (algorithm === undefined) continue;
    // A byte sequence of RFC 9530 stands between colons.
    const text = member
      .slice(at + 1)
      .trim()
      .replace(/^:(.*):$/, '$1');
    found.push(digestOf(algorithm, text, by));
  }
}

function digestOf(
  algorithm: DigestAlgorithm,
  text: string,
  by: string,
): DeclaredDigest | UnreadableDigest {
  const bytes = DIGEST_BYTES[algorithm];
  const base64Length = Math.ceil(bytes / 3) * 4;
  if (text.length === base64Length && /^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    return { algorithm, value: text, by };
  }
  // Origins that send hex exist.
  if (text.length === bytes * 2 && /^[0-9a-f]+$/i.test(text)) {
    return { algorithm, value: base64OfHex(text), by };
  }
  return { by, text };
}
