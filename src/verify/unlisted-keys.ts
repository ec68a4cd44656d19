import type { ObjectKey } from '../model/object-key.ts';
import type { Rule } from '../model/rule.ts';
import { rewriteKey } from '../rules/rewrite-key.ts';

/** The keys that a scan may have missed, because it could not list what is above them. */
export class UnlistedKeys {
  readonly #prefixes = new Map<string, Set<string>>();

  /** @param prefix origin keys below it may be missing; '' where any may be */
  add(rule: string, prefix: string): void {
    const known = this.#prefixes.get(rule) ?? new Set();
    known.add(prefix);
    this.#prefixes.set(rule, known);
  }

  /** @param rule of the key */
  has(rule: Rule, key: ObjectKey): boolean {
    const prefixes = this.#prefixes.get(rule.id);
    if (prefixes === undefined) return false;
    const originKey = rewriteKey(rule, key);
    // There may be many prefixes; those that a key has are as many as it has characters.
    for (let length = 0; length <= originKey.length; length += 1) {
      if (prefixes.has(originKey.slice(0, length))) return true;
    }
    return false;
  }
}
