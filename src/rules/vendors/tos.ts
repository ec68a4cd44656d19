import type { DraftRule, Fields, FieldValue } from './draft-rule.ts';
import { draftRules, Noted, ruleIds } from './draft-rule.ts';
import { headerFields, passesHeaders, passRemoveSet } from './header-fields.ts';
import { replacedPrefix } from './key-fields.ts';
import { tosOrigins } from './tos-origins.ts';
import type { Vendor } from './vendor.ts';
import { jsonDocument } from './vendor.ts';
import type { VendorSource } from './vendor-source.ts';
import { warnBeyond } from './warn-beyond.ts';

/** Volcengine's limits: rules, and hosts that a rule is for. */
const MAX_RULES = 20;
const MAX_HOSTS = 20;

/** Volcengine TOS mirror rules (`PUT /?mirror`). */
export const tos: Vendor = {
  title: 'Volcengine TOS, mirror rules',
  read: jsonDocument,
  draft: (root): readonly DraftRule[] => {
    root.needed('Rules');
    const idOf = ruleIds();
    const sources = root.all('Rules');
    warnBeyond(root, sources.length, MAX_RULES, 'rules');
    return draftRules(sources, (source, index) =>
      fieldsOf(source, idOf(source.filled('ID') ?? `tos-${index + 1}`)),
    );
  },
};

function fieldsOf(source: VendorSource, id: string): Fields {
  const redirect = source.needed('Redirect');
  const condition = source.field('Condition');
  const prefix = condition?.filled('KeyPrefix') ?? '';
  const action = actionOf(redirect);
  const lists = passRemoveSet(redirect.field('MirrorHeader'));
  const mirrors = action === 'mirror';
  const query = mirrors ? 'PassQuery' : 'FetchSourceOnRedirectWithQuery';
  const passQuery = redirect.optionalFlag(query) === true;
  if (mirrors) redirect.drop('FetchSourceOnRedirectWithQuery', 'a mirror rule does not redirect');
  const locationQuery = !mirrors && redirect.optionalFlag('PassQuery') === true;
  return {
    id,
    match: matchOf(condition, prefix),
    action,
    redirect: { passQuery: locationQuery ? true : undefined },
    key: keyOf(redirect.field('Transform'), prefix),
    origins: tosOrigins(redirect, id),
    request: {
      passQuery: passQuery ? true : undefined,
      followRedirects:
        redirect.optionalFlag('FollowRedirect') === true
          ? undefined
          : new Noted(false, 'TOS follows only where FollowRedirect is true'),
      headers: headerFields(lists, id),
    },
    response: {
      passStatuses: listOf(redirect, 'PassStatusCodeFromSource', (item) => item.whole()),
      passHeaders: listOf(redirect, 'PassHeaderFromSource', (item) => item.text().toLowerCase()),
    },
    store: {
      metadataFrom: listOf(redirect, 'FetchHeaderToMetaDataRules', metadataRule),
      variants: passQuery || passesHeaders(lists) ? 'any' : undefined,
    },
  };
}

function actionOf(redirect: VendorSource): string {
  const type = redirect.field('RedirectType');
  const fetches = redirect.optionalFlag('FetchSourceOnRedirect') === true;
  switch (type?.text().trim().toLowerCase() ?? 'mirror') {
    case '':
    case 'mirror':
      return 'mirror';
    case 'async':
      return fetches ? 'redirectAndFetch' : 'redirect';
    default:
      throw (type ?? redirect).problem('expected Mirror or Async');
  }
}

function matchOf(condition: VendorSource | undefined, prefix: string): Fields {
  const code = condition?.field('HttpCode');
  if (code !== undefined && code.whole() !== 404) throw code.problem('TOS mirrors on 404 only');
  if (condition !== undefined) {
    warnBeyond(condition, condition.all('AllowHost').length, MAX_HOSTS, 'AllowHost');
  }
  const methods = condition?.all('HttpMethod').map((method) => method.text().toUpperCase()) ?? [];
  return {
    keyPrefix: prefix === '' ? undefined : prefix,
    keySuffix: condition?.filled('KeySuffix'),
    methods: new Noted(
      methods.includes('HEAD') ? ['GET', 'HEAD'] : ['GET'],
      'HEAD only where HttpMethod names it',
    ),
    hosts: {
      allow: condition === undefined ? undefined : listOf(condition, 'AllowHost', hostOf),
    },
  };
}

function hostOf(source: VendorSource): string {
  return source.text().trim();
}

function keyOf(transform: VendorSource | undefined, condition: string): Fields {
  if (transform === undefined) return {};
  const added = transform.filled('WithKeyPrefix') ?? '';
  const replace = transform.field('ReplaceKeyPrefix');
  const from = replace?.optionalText('KeyPrefix') ?? '';
  const to = replace?.optionalText('ReplaceWith') ?? '';
  const addPrefix = from === '' ? `${added}${to}` : added;
  return {
    ...(replace === undefined || from === ''
      ? undefined
      : replacedPrefix({ holder: replace, condition, from, to })),
    addPrefix: addPrefix === '' ? undefined : addPrefix,
    addSuffix: transform.filled('WithKeySuffix'),
  };
}

function metadataRule(source: VendorSource): Fields {
  return {
    header: source.needed('SourceHeader').text().toLowerCase(),
    name: source.needed('MetaDataSuffix').text(),
  };
}

/** The items of a list, each once; undefined where there are none. */
function listOf(
  holder: VendorSource,
  name: string,
  read: (item: VendorSource) => FieldValue,
): readonly FieldValue[] | undefined {
  const items = [...new Set(holder.all(name).map(read))];
  return items.length === 0 ? undefined : items;
}
