import type { Fields } from './draft-rule.ts';
import { Noted } from './draft-rule.ts';
import type { HeaderLists } from './header-fields.ts';
import { headerFields, limitLists, passesHeaders } from './header-fields.ts';
import type { VendorSource } from './vendor-source.ts';

/** Huawei's limits of a list of headers, of a name and of a value. */
const MAX_HEADERS = 10;
const NAME = /^[A-Za-z0-9_-]{1,63}$/;
const MAX_VALUE = 2048;

/**
 * `request` of an OBS rule. What is absent is off: query, redirects, headers.
 * @param rule the rule's id
 */
export function obsRequest(
  redirect: VendorSource,
  rule: string,
): { readonly fields: Fields; readonly passesOn: boolean } {
  const passQuery = redirect.optionalFlag('passQueryString') ?? false;
  const follows = redirect.optionalFlag('mirrorFollowRedirect') ?? false;
  const withoutReferer = redirect.optionalFlag('redirectWithoutReferer') ?? false;
  const lists = headerLists(redirect.field('mirrorHttpHeader'));
  const referer = lists.set.find(({ name }) => name.text().toLowerCase() === 'referer');
  if (referer !== undefined && !withoutReferer) {
    referer.name.warn('overwritten on redirected hops, because redirectWithoutReferer is not true');
  }
  return {
    fields: {
      passQuery: passQuery ? true : undefined,
      followRedirects: follows
        ? undefined
        : new Noted(false, 'OBS hands a 3xx on unless mirrorFollowRedirect is true'),
      refererOnRedirect:
        follows && !withoutReferer
          ? new Noted(true, 'OBS sends it unless redirectWithoutReferer is true')
          : undefined,
      headers: headerFields(lists, rule),
    },
    passesOn: passQuery || passesHeaders(lists),
  };
}

function headerLists(holder: VendorSource | undefined): HeaderLists {
  if (holder === undefined) return { passAll: false, pass: [], remove: [], set: [] };
  const lists = {
    passAll: holder.optionalFlag('passAll') ?? false,
    pass: holder.all('pass'),
    remove: holder.all('remove'),
    set: holder.all('set').map((entry) => {
      const value = entry.needed('value');
      if (value.text().length > MAX_VALUE) {
        throw value.problem(`is longer than ${MAX_VALUE} characters`);
      }
      return { name: entry.needed('key'), value };
    }),
  };
  limitLists(lists, MAX_HEADERS, holder);
  if (lists.passAll && lists.pass.length > 0) {
    throw holder.problem('`passAll` and `pass` contradict each other; keep one');
  }
  for (const name of [...lists.pass, ...lists.remove, ...lists.set.map((entry) => entry.name)]) {
    if (NAME.test(name.text())) continue;
    throw name.problem('a header name has 1 to 63 letters, digits, - and _');
  }
  return lists;
}
