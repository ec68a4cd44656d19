import type { ListedObject, StoredObject } from '../model/bucket.ts';
import { STORED_ETAG, STORED_LAST_MODIFIED } from '../plan/stored-metadata.ts';
import { wrongSize } from './compare-listed.ts';
import { compareVersions, type NamedVersion, type VersionVerdict } from './compare-versions.ts';
import type { Comparison, Pair } from './comparison.ts';
import { originFacts } from './origin-facts.ts';
import { different, GONE, type Verdict } from './verdict.ts';

/**
 * Holds the size of an object against what its origin declares.
 * @throws Failure where the origin does not say.
 */
export async function compareSize(
  comparison: Comparison,
  pair: Pair,
  signal: AbortSignal,
): Promise<Verdict> {
  const facts = await originFacts(comparison, pair, signal);
  if (facts === undefined) return GONE;
  const { size } = pair.listed;
  if (facts.size === undefined) return unverifiable(`${facts.origin} does not tell its size`);
  if (facts.size !== size) return wrongSize(size, facts.size, facts.origin);
  return equal(size);
}

/**
 * Holds the size and the version of an object against what was listed of it, and against what its
 * origin says where that is not enough.
 * @throws Failure where bucket or origin don't say.
 */
export async function compareVersion(
  comparison: Comparison,
  pair: Pair,
  signal: AbortSignal,
): Promise<Verdict> {
  const { expected } = pair;
  const stored = await storedObject(comparison, pair.listed, signal);
  if (stored === undefined) return { outcome: 'missing' };
  const { size } = stored;
  if (expected.size !== undefined && expected.size !== size) {
    return wrongSize(size, expected.size, 'as listed');
  }
  const listed = versionOf(expected, stored);
  if (listed.version === 'same' && expected.size !== undefined) return equal(size);
  const isDoubtful = comparison.facts === 'found';
  if (listed.version === 'other' && !isDoubtful) return different(listed.message);
  return askedVersion(comparison, pair, { stored, listed }, signal);
}

/** What the listing of a key came to, which was not enough. */
interface Undecided {
  readonly stored: StoredObject;
  readonly listed: VersionVerdict;
}

async function askedVersion(
  comparison: Comparison,
  pair: Pair,
  { stored, listed }: Undecided,
  signal: AbortSignal,
): Promise<Verdict> {
  const { size } = stored;
  const facts = await originFacts(comparison, pair, signal);
  if (facts === undefined) return GONE;
  if (facts.size !== undefined && facts.size !== size) {
    return wrongSize(size, facts.size, facts.origin);
  }
  const said = versionOf(facts, stored);
  if (said.version === 'other') return different(said.message);
  if (said.version === 'same' || listed.version === 'same') return equal(size);
  return unverifiable(
    `no ETag or Last-Modified that the bucket keeps can be compared with what ${facts.origin} says: --level full reads both bodies`,
  );
}

function equal(bytes: number): Verdict {
  return { outcome: 'equal', bytes, sha256: undefined };
}

function unverifiable(message: string): Verdict {
  return { outcome: 'unverifiable', message };
}

async function storedObject(
  { bucket }: Comparison,
  listed: ListedObject | StoredObject,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  return 'metadata' in listed ? listed : bucket.head(listed.key, signal);
}

function versionOf(named: NamedVersion, { etag, metadata }: StoredObject): VersionVerdict {
  return compareVersions(named, {
    etag,
    originEtag: metadata[STORED_ETAG],
    originLastModified: metadata[STORED_LAST_MODIFIED],
  });
}
