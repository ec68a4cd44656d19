import type { Fields } from './draft-rule.ts';
import { Noted } from './draft-rule.ts';
import type { HeaderLists } from './header-fields.ts';
import { headerFields, passesHeaders, warnLongLists } from './header-fields.ts';
import type { VendorSource } from './vendor-source.ts';

/** Tencent's limit of each list of headers. */
const MAX_HEADERS = 10;

/** Errors that origins answer with; COS hands on whatever came. */
const ERROR_STATUSES = [400, 401, 403, 405, 406, 409, 410, 412, 429, 451, 500, 502, 503, 504];

export interface CosRequest {
  readonly fields: Fields;
  readonly passStatuses: readonly number[] | undefined;
  readonly passesQuery: boolean;
  /** Whether anything of the client's request reaches the origin. */
  readonly passesOn: boolean;
}

/**
 * `request` of a COS rule. Unlike other vendors', an absent switch of query or redirects is on.
 * @param rule the rule's id
 */
export function cosRequest(parameter: VendorSource | undefined, rule: string): CosRequest {
  const passesQuery = parameter?.optionalFlag('FollowQueryString') ?? true;
  const follows = parameter?.optionalFlag('FollowRedirection') ?? true;
  const lists = headerLists(parameter?.field('HttpHeader'));
  parameter?.drop('FollowRedirectionConfiguration', "headers stay with the origin's own site");
  return {
    fields: {
      passQuery: passesQuery
        ? new Noted(true, 'COS passes it unless FollowQueryString is false')
        : undefined,
      followRedirects: follows ? undefined : false,
      headers: headerFields(lists, rule),
    },
    passStatuses: passedStatuses(parameter),
    passesQuery,
    passesOn: passesQuery || passesHeaders(lists),
  };
}

function passedStatuses(parameter: VendorSource | undefined): readonly number[] | undefined {
  const transparent = parameter?.field('TransparentErrorCode');
  if (transparent?.flag() !== true) return undefined;
  transparent.warn('COS passes every error on; the usual ones are listed, add what lacks');
  return ERROR_STATUSES;
}

function headerLists(holder: VendorSource | undefined): HeaderLists {
  const lists = listsOf(holder);
  if (holder !== undefined) warnLongLists(lists, MAX_HEADERS, holder);
  return lists;
}

function listsOf(holder: VendorSource | undefined): HeaderLists {
  const set = holder?.field('NewHttpHeaders')?.all('Header') ?? [];
  // The documentation and the vendor's own program spell this differently.
  const remove = ['ForbidFollowHeaders', 'ForbidFollowHttpHeaders'].flatMap((name) =>
    names(holder?.field(name)),
  );
  return {
    passAll: holder?.optionalFlag('FollowAllHeaders') ?? false,
    pass: names(holder?.field('FollowHttpHeaders')),
    remove,
    set: set.map((entry) => ({ name: entry.needed('Key'), value: entry.needed('Value') })),
  };
}

function names(list: VendorSource | undefined): readonly VendorSource[] {
  return (list?.all('Header') ?? []).map((header) => {
    header.field('Value');
    return header.needed('Key');
  });
}
