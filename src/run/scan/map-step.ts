import type { Rule } from '../../model/rule.ts';
import type { ManifestEntry } from '../../model/scan-journal.ts';
import type { FoundObject, PassedReason } from '../../model/walk.ts';
import { invertKey } from '../../rules/invert-key.ts';
import { matchRule } from '../../rules/match-rule.ts';

/**
 * A found object as a line of the manifest, or why it is none: no key of the rule leads there, or
 * the key that does belongs to a rule before it.
 * @param rules all of the file, in their order
 */
export function mapObject(
  rules: readonly Rule[],
  rule: Rule,
  found: FoundObject,
): { readonly entry: ManifestEntry } | { readonly reason: PassedReason } {
  const { originKey, size, etag, lastModifiedMs, resolutionMs } = found;
  const key = invertKey(rule, originKey);
  if (key === undefined) return { reason: 'unmapped' };
  if (matchRule(rules, key) !== rule) return { reason: 'other-rule' };
  return {
    entry: { key, rule: rule.id, originKey, size, etag, lastModifiedMs, resolutionMs },
  };
}
