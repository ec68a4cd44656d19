import { Failure } from '../../model/failure.ts';
import type { ObjectKey } from '../../model/object-key.ts';
import type { Rule } from '../../model/rule.ts';
import { plainRequest } from '../../rules/client-request.ts';
import { matchAfter, matchRequest } from '../../rules/match-rule.ts';
import type { RuleSource } from '../../transfer/rule-source.ts';
import { transferObject } from '../../transfer/transfer-object.ts';
import { missOf } from '../origin-request.ts';
import { asFailure } from '../send-error.ts';
import type { Miss } from '../serve-fill.ts';
import type { RulesInForce, Serving } from '../serving.ts';

/** What a prefetch takes of the proxy. */
export type PrefetchSpace = Pick<
  Serving,
  | 'inForce'
  | 'bucket'
  | 'fills'
  | 'negative'
  | 'memory'
  | 'uploads'
  | 'name'
  | 'onOriginRequest'
  | 'onFilled'
>;

/** No rule that stores takes the key. */
export class NoRule extends Error {
  override readonly name = 'NoRule';
}

/** A fetch under way. */
interface Entry {
  readonly id: string;
  readonly source: RuleSource;
  readonly over: Promise<void>;
}

/** A rule that stores what it fetches, with its origins. */
interface StoringRule {
  readonly rule: Rule;
  readonly source: RuleSource;
}

/** What is assumed that the bucket says. */
const MISS = 404;

/**
 * Fetches objects now and overwrites what the bucket holds of them, by the rules that a GET of them
 * would meet if the bucket lacked them. Who wants one that is just being fetched waits for that very
 * fetch; where other rules came since, it is fetched anew after it. Nobody's leaving ends a fetch.
 *
 * A fill of the same key may be under way; it stores only where nothing is, so whichever of both
 * ends last, the bucket holds what was prefetched.
 */
export class Prefetches {
  readonly #space: PrefetchSpace;
  readonly #underWay = new Map<ObjectKey, Entry>();

  constructor(space: PrefetchSpace) {
    this.#space = space;
  }

  /**
   * Resolves when the object is stored; whatever it throws, the bucket is as it was.
   * @throws Failure, {@link NoRule}
   */
  async prefetch(key: ObjectKey): Promise<void> {
    const inForce = this.#space.inForce();
    const request = plainRequest(key);
    let found = storing(inForce, matchRequest(inForce.rules, request, MISS));
    if (found === undefined) throw new NoRule('no rule stores this key');
    for (;;) {
      const { rule, source } = found;
      try {
        await this.#join(missOf(this.#space, { request }, rule, source));
        return;
      } catch (error) {
        const isMiss = error instanceof Failure && error.code === 'ORIGIN_NOT_FOUND';
        if (!isMiss || rule.afterMiss !== 'nextRule') throw error;
        found = storing(inForce, matchAfter(inForce.rules, rule, request, MISS));
        if (found === undefined) throw error;
      }
    }
  }

  async #join(miss: Miss): Promise<void> {
    const { id, source, originRequest } = miss;
    const { key } = originRequest;
    for (let there = this.#underWay.get(key); there !== undefined;) {
      if (there.id === id && there.source === source) {
        await there.over;
        return;
      }
      // What became of it is told to whoever asked for it.
      await there.over.catch(() => undefined);
      there = this.#underWay.get(key);
    }
    const over = this.#fetch(miss).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, { id, source, over });
    await over;
  }

  async #fetch({ id, rule, source, originRequest }: Miss): Promise<void> {
    const { bucket, fills, memory, uploads, negative, onFilled } = this.#space;
    const { key } = originRequest;
    const told = { key, rule: rule.id };
    const transfer = {
      entry: { key },
      source: source.origin,
      request: originRequest,
      bucket,
      store: rule.store,
      ifAbsent: false,
      stored: undefined,
      memory,
      uploads,
    };
    try {
      const end = await fills.beside((signal) => transferObject(transfer, signal));
      const bytes = end.outcome === 'copied' ? end.bytes : 0;
      negative.forget(id);
      onFilled({ ...told, outcome: 'stored', bytes, failure: undefined });
    } catch (error) {
      const failure = asFailure(error);
      onFilled({ ...told, outcome: 'failed', bytes: 0, failure });
      throw failure;
    }
  }
}

/** A rule that stores what it fetches; undefined for any other. */
function storing({ sources }: RulesInForce, rule: Rule | undefined): StoringRule | undefined {
  const source = rule && sources.get(rule.id);
  return rule === undefined || source === undefined || rule.action === 'proxy'
    ? undefined
    : { rule, source };
}
