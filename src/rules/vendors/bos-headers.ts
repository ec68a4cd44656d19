import type { Fields } from './draft-rule.ts';
import { headerFields, limitLists, passesHeaders } from './header-fields.ts';
import type { VendorSource } from './vendor-source.ts';

/** Baidu's limit of each list. */
const MAX_HEADERS = 10;

/**
 * `request.headers` of a BOS rule.
 * @throws FatalError `usage` for a header that BOS lets nobody configure.
 */
export function bosHeaders(
  source: VendorSource,
  rule: string,
): { readonly fields: Fields; readonly passesOn: boolean } {
  const listed = source.all('passHeaders');
  const all = source.field('allHeader');
  const mode = all?.text().trim().toLowerCase() ?? '';
  if (!['', 'all', 'custom'].includes(mode)) all?.warn('dropped: expected all or custom');
  const passesAll = mode === 'all' || listed.some((name) => name.text().trim() === '*');
  const lists = {
    passAll: passesAll,
    pass: passesAll ? [] : listed,
    remove: source.all('ignoreHeaders'),
    set: source.all('customHeaders').map((entry) => ({
      name: entry.needed('headerName'),
      value: entry.needed('headerValue'),
    })),
  };
  limitLists(lists, MAX_HEADERS, source);
  const fields = headerFields(lists, rule, (name, text) => {
    throw name.problem(`\`${text}\` is a header that cannot be passed nor set`);
  });
  return { fields, passesOn: passesHeaders(lists) };
}
