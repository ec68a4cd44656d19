import type { Headers } from '../model/ports.ts';
import type { StoreSettings } from '../model/rule.ts';
import { isVariant, type PassedOn } from '../rules/is-variant.ts';
import { isPrivate } from './is-private.ts';

/** Why a whole and welcome answer is served to its client and yet not stored. */
export type NotStored = 'method' | 'variant' | 'private';

/**
 * Whether the answer to a client's request may become the object that all get under the key.
 * @param method upper-case
 * @param passed what of the client's request the origin was told
 * @param headers of the origin's answer
 * @returns undefined where it may
 */
export function whyNotStored(
  store: Pick<StoreSettings, 'variants' | 'private'>,
  method: string,
  passed: PassedOn,
  headers: Headers,
): NotStored | undefined {
  if (method !== 'GET') return 'method';
  const variant = isVariant(passed);
  const refusesPrivate = store.private === 'refuse' || (store.private === 'auto' && variant);
  if (refusesPrivate && isPrivate(headers)) return 'private';
  return variant && store.variants === 'plain' ? 'variant' : undefined;
}
