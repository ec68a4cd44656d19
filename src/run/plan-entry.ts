import type { StoredObject } from '../model/bucket.ts';
import type { ObjectOutcome } from '../model/event.ts';
import type { OriginRequest } from '../model/origin.ts';
import type { Rule } from '../model/rule.ts';
import { isUnchanged } from '../plan/decide-copy.ts';
import type { RuleSource } from '../transfer/rule-source.ts';

/**
 * What a run would do about a key that it decided to copy; the origin is asked only where its answer
 * decides whether anything would be copied.
 * @param stored what stays if the origin's object is unchanged
 */
export async function planEntry(
  { id: rule }: Rule,
  { origin, checkKey }: RuleSource,
  request: OriginRequest,
  stored: StoredObject | undefined,
  signal: AbortSignal,
): Promise<ObjectOutcome> {
  // Where a list gives the URL, nobody asks by the key.
  if (request.url === undefined) checkKey(request.originKey);
  if (stored === undefined) return { outcome: 'planned', rule };
  const unchanged = await origin.read(
    request,
    ({ head }) => Promise.resolve(isUnchanged(stored, head)),
    signal,
  );
  return unchanged
    ? { outcome: 'skipped', rule, reason: 'unchanged' }
    : { outcome: 'planned', rule };
}
