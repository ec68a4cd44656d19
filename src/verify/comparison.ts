import type { BodyMemory } from '../model/body-memory.ts';
import type { Bucket, ListedObject, StoredObject } from '../model/bucket.ts';
import type { VerifyLevel } from '../model/event.ts';
import type { OriginRequest } from '../model/origin.ts';
import type { Clock } from '../model/ports.ts';
import type { Rule } from '../model/rule.ts';
import { rewriteKey } from '../rules/rewrite-key.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import type { ExpectedObject } from './expected-object.ts';

/** What keys are compared with. */
export interface Comparison {
  readonly level: VerifyLevel;
  readonly bucket: Bucket;
  /**
   * `declared`: what a list says of a version must hold. `found`: a scan has read it, from a place
   * that may date things otherwise than the object's own answer, which then decides.
   */
  readonly facts: 'declared' | 'found';
  /**
   * The origins by rule id; called when one must be asked.
   * @throws FatalError `origins-unusable` where none of a rule's answers.
   */
  readonly sources: () => Promise<ReadonlyMap<string, RuleSource>>;
  /** The budget of bodies in flight. */
  readonly memory: BodyMemory;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Ids of rules whose origins are known to refuse HEAD; grows. */
  readonly refusesHead: Set<string>;
  /** Told of each request to an origin. */
  readonly onOriginRequest: () => void;
}

/** A key that both sides have. */
export interface Pair {
  readonly rule: Rule;
  readonly expected: ExpectedObject;
  /** With its metadata where the listing tells that already. */
  readonly listed: ListedObject | StoredObject;
}

/** What is asked of an origin for a key, and whom. */
export interface Question {
  readonly source: RuleSource;
  readonly request: OriginRequest;
}

/** @throws FatalError as {@link Comparison.sources}. */
export async function questionFor(
  { sources, onOriginRequest }: Comparison,
  { rule, expected: { key, url } }: Pair,
  method: 'GET' | 'HEAD',
): Promise<Question> {
  const source = (await sources()).get(rule.id);
  if (source === undefined) throw new Error(`rule ${rule.id} has no origins to compare with`);
  const request = {
    key,
    originKey: rewriteKey(rule, key),
    query: '',
    url,
    headers: source.headers.headers,
    secretHeaders: source.headers.secrets,
    unless: undefined,
    method,
    onRequest: onOriginRequest,
  };
  return { source, request };
}
