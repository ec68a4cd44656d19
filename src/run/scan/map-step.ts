import { keyProblem, type ObjectKey, objectKey } from '../../model/object-key.ts';
import type { Rule } from '../../model/rule.ts';
import type { ManifestEntry } from '../../model/scan-journal.ts';
import type { FoundObject, PassedReason } from '../../model/walk.ts';
import { invertKey } from '../../rules/invert-key.ts';
import { matchRule } from '../../rules/match-rule.ts';
import { rewriteKey } from '../../rules/rewrite-key.ts';
import { isRacy, type ListingMoment } from './is-racy.ts';

/** What a walk gives as origin keys: those, or, where a list says so, the bucket's own keys. */
export type FoundNames = 'originKeys' | 'keys';

/** For whom an object was found, and when. */
export interface FoundFor extends ListingMoment {
  /** All of the file, in their order. */
  readonly rules: readonly Rule[];
  readonly rule: Rule;
  readonly names: FoundNames;
}

/**
 * A found object as a line of the manifest, or why it is none: no key of the rule leads there, or
 * the key that does belongs to a rule before it.
 */
export function mapObject(found: FoundObject, whom: FoundFor): ManifestEntry | PassedReason {
  const { size, etag, lastModifiedMs, resolutionMs } = found;
  const { rules, rule, names } = whom;
  const key = names === 'keys' ? sameKey(found) : invertKey(rule, found.originKey);
  if (key === undefined) return 'unmapped';
  const owner = matchRule(rules, key);
  if (owner !== rule) return owner === undefined ? 'unmapped' : 'other-rule';
  const originKey = names === 'keys' ? rewriteKey(rule, key) : found.originKey;
  const racy = isRacy(found, whom) ? true : undefined;
  return { key, rule: rule.id, originKey, size, etag, lastModifiedMs, resolutionMs, racy };
}

function sameKey({ originKey }: FoundObject): ObjectKey | undefined {
  return keyProblem(originKey) === undefined ? objectKey(originKey) : undefined;
}
