import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { OriginHead } from '../model/origin.ts';
import type { Rule } from '../model/rule.ts';
import { refuseAnswer } from '../plan/admit-answer.ts';
import { refusal } from '../plan/refusal.ts';
import { type NotStored, whyNotStored } from '../plan/why-not-stored.ts';
import type { PassedOn } from '../rules/is-variant.ts';

const WORDS: Readonly<Record<NotStored, string>> = {
  method: 'only the answer to a GET is the object',
  variant: 'a passed query or header may have changed it (store.variants: plain)',
  private: 'it is private (store.private)',
};

/**
 * What forbids to store an answer that the client gets all the same: whose it is, or that the rule
 * rejects it. What is wrong with its length or digests is for the commit gate, and no client gets
 * that as a whole object.
 */
export function forbidStoring(
  rule: Pick<Rule, 'store'>,
  key: ObjectKey,
  passed: PassedOn,
  head: OriginHead,
): Failure | undefined {
  const why = whyNotStored(rule.store, 'GET', passed, head.headers);
  if (why !== undefined) return refusal('CONTENT_REJECTED', key, head, WORDS[why]);
  const refused = refuseAnswer({ key }, head, rule.store);
  return refused instanceof Failure && refused.code === 'CONTENT_REJECTED' ? refused : undefined;
}
