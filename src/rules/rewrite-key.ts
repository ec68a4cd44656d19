import type { ObjectKey } from '../model/object-key.ts';
import type { KeyRewrite, Rule } from '../model/rule.ts';

/**
 * The origin key of an object: what its rule makes of the request key. First `fixed`, `template`
 * or `replacePrefix`; then `replaceSuffix`, `addPrefix` and `addSuffix`. Nothing is decoded,
 * encoded or normalised, and the key under which the object is stored stays the request key.
 *
 * Total: it never throws. The rule must be one that matches the key.
 */
export function rewriteKey(rule: Rule, key: ObjectKey): string {
  const rewrite = rule.key;
  const base = rewritten(rewrite, rule.match.keyPrefix ?? '', key);
  return `${rewrite.addPrefix}${withSuffix(rewrite, base)}${rewrite.addSuffix}`;
}

function rewritten(rewrite: KeyRewrite, keyPrefix: string, key: ObjectKey): string {
  if (rewrite.fixed !== undefined) return rewrite.fixed;
  if (rewrite.template !== undefined) {
    return `${rewrite.template.before}${key}${rewrite.template.after}`;
  }
  if (rewrite.replacePrefix === undefined) return key;
  const rest = key.startsWith(keyPrefix) ? key.slice(keyPrefix.length) : key;
  // `abc/def` stripped from `abc/def/x` leaves `/x`; joined, that must not become `//x` (B18, B32).
  const stripped = rewrite.replacePrefix === '' && keyPrefix !== '';
  const dropsSlash = stripped && rewrite.slashes === 'join' && rest.startsWith('/');
  return `${rewrite.replacePrefix}${dropsSlash ? rest.slice(1) : rest}`;
}

function withSuffix({ replaceSuffix }: KeyRewrite, key: string): string {
  if (replaceSuffix === undefined) return key;
  const { from, to } = replaceSuffix;
  if (from !== undefined) {
    return key.endsWith(from) ? `${key.slice(0, key.length - from.length)}${to}` : key;
  }
  const dot = key.lastIndexOf('.');
  const hasExtension = dot > key.lastIndexOf('/');
  return `${hasExtension ? key.slice(0, dot) : key}${to}`;
}
