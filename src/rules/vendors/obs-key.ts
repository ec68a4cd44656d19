import type { Fields } from './draft-rule.ts';
import { templateFields } from './key-fields.ts';
import type { VendorSource } from './vendor-source.ts';

/** Huawei's limit for what is put around or in place of a key's part. */
const MAX_ADDED = 1023;
const TOKEN = '${key}';

/**
 * `key` for OBS's `replaceKeyWith` and `replaceKeyPrefixWith`. An empty `replaceKeyPrefixWith`
 * strips the prefix; where both fields are absent the key stays.
 * @throws FatalError `usage` where both say something.
 */
export function obsKeyFields(redirect: VendorSource, prefix: string): Fields | undefined {
  const whole = redirect.field('replaceKeyWith');
  const part = redirect.field('replaceKeyPrefixWith');
  const wholeText = limited(whole, MAX_ADDED + TOKEN.length);
  const partText = limited(part, MAX_ADDED);
  if (wholeText !== '' && partText !== '') {
    throw redirect.problem(
      '`replaceKeyWith` and `replaceKeyPrefixWith` contradict each other; keep one',
    );
  }
  if (whole !== undefined && wholeText !== '') return templateFields(whole, false);
  if (part === undefined) {
    redirect.warn('neither replaceKeyWith nor replaceKeyPrefixWith is given; the key stays');
    return undefined;
  }
  if (partText !== '') return { replacePrefix: partText };
  if (prefix === '') return undefined;
  part.warn('empty, so the prefix is cut off; remove `replacePrefix` if it should stay');
  return { replacePrefix: '' };
}

function limited(source: VendorSource | undefined, most: number): string {
  if (source === undefined) return '';
  const text = source.text();
  if (text.length > most) throw source.problem(`is longer than ${most} characters`);
  return text;
}
