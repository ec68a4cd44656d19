import { keyProblem, objectKey, type ObjectKey } from '../model/object-key.ts';
import type { KeyRewrite, Rule } from '../model/rule.ts';
import { rewriteKey } from './rewrite-key.ts';

/**
 * The request key of what an origin holds under `originKey`, for entries that a scan of the origin
 * found: the key that the rule takes and rewrites into exactly this origin key.
 *
 * Where several keys would do, the one whose parts are there as the rule names them is given: the
 * replaced suffix before one that was never there, the `/` after a stripped prefix before none.
 * @returns undefined where no key of the rule leads there, or only a guess would: an extension that
 * was replaced whatever it was is known again only from `match.keySuffix`.
 */
export function invertKey(rule: Rule, originKey: string): ObjectKey | undefined {
  // Most rules leave keys as they are, and this is asked for every object of an origin.
  if (isKept(rule.key)) {
    const isKey = keyProblem(originKey) === undefined && isTaken(rule, originKey);
    return isKey ? objectKey(originKey) : undefined;
  }
  const { addPrefix, addSuffix } = rule.key;
  const bare = unwrapped(originKey, addPrefix, addSuffix);
  if (bare === undefined) return undefined;
  for (const text of withoutNewSuffix(rule, bare).flatMap((stem) => withOldPrefix(rule, stem))) {
    if (keyProblem(text) !== undefined || !isTaken(rule, text)) continue;
    const key = objectKey(text);
    if (rewriteKey(rule, key) === originKey) return key;
  }
  return undefined;
}

function unwrapped(text: string, before: string, after: string): string | undefined {
  const isWrapped =
    text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
  return isWrapped ? text.slice(before.length, text.length - after.length) : undefined;
}

function withoutNewSuffix({ key, match }: Rule, text: string): string[] {
  const { replaceSuffix } = key;
  if (replaceSuffix === undefined) return [text];
  const { from = match.keySuffix, to } = replaceSuffix;
  if (from === undefined) return [];
  const stem = unwrapped(text, '', to);
  const replaced = stem === undefined ? [] : [`${stem}${from}`];
  return replaceSuffix.from === undefined ? replaced : [...replaced, text];
}

function withOldPrefix({ key, match }: Rule, text: string): string[] {
  const { keyPrefix = '' } = match;
  if (key.fixed !== undefined) return [];
  if (key.template !== undefined) {
    const inner = unwrapped(text, key.template.before, key.template.after);
    return inner === undefined ? [] : [inner];
  }
  if (key.replacePrefix === undefined) return [text];
  const rest = unwrapped(text, key.replacePrefix, '');
  if (rest === undefined) return [];
  const dropsSlash = key.replacePrefix === '' && keyPrefix !== '' && key.slashes === 'join';
  if (!dropsSlash) return [`${keyPrefix}${rest}`];
  const [plain, slashed] = [`${keyPrefix}${rest}`, `${keyPrefix}/${rest}`];
  return keyPrefix.endsWith('/') ? [plain, slashed] : [slashed, plain];
}

function isTaken({ match: { keyPrefix = '', keySuffix = '' } }: Rule, text: string): boolean {
  return text.startsWith(keyPrefix) && text.endsWith(keySuffix);
}

/** Whether the request key is the origin key. */
function isKept(key: KeyRewrite): boolean {
  const { replacePrefix, template, fixed, replaceSuffix, addPrefix, addSuffix } = key;
  const isUntouched = replacePrefix === undefined && template === undefined && fixed === undefined;
  return isUntouched && replaceSuffix === undefined && addPrefix === '' && addSuffix === '';
}
