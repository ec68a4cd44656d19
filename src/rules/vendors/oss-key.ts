import type { Fields } from './draft-rule.ts';
import { replacedKey } from './routing-rules.ts';
import type { VendorSource } from './vendor-source.ts';

/**
 * `key` of an OSS rule. An empty `ReplaceKeyPrefixWith` says something only where
 * `EnableReplacePrefix` is true.
 */
export function ossKey(redirect: VendorSource): Fields | undefined {
  const enabled = redirect.optionalFlag('EnableReplacePrefix');
  const text = redirect.optionalText('ReplaceKeyPrefixWith') ?? '';
  if (enabled === false && text !== '') {
    redirect.drop('ReplaceKeyPrefixWith', 'EnableReplacePrefix is false');
    return replacedKey(redirect, false);
  }
  const key = replacedKey(redirect, text !== '');
  if (enabled !== true || key !== undefined) return key;
  redirect.warn('ReplaceKeyPrefixWith is empty, so the prefix is cut off');
  return { replacePrefix: '' };
}
