import type { DraftRule, Fields } from './draft-rule.ts';
import { draftRules, Noted } from './draft-rule.ts';
import { cosKeyFields } from './cos-key.ts';
import { cosOrigins } from './cos-origins.ts';
import { cosRequest } from './cos-request.ts';
import { redirectStatus } from './routing-rules.ts';
import type { Vendor } from './vendor.ts';
import { xmlDocument } from './vendor.ts';
import type { VendorSource } from './vendor-source.ts';

/** COS redirects with 302 where no HttpRedirectCode is given. */
const DEFAULT_STATUS = 302;

/** What COS keeps of an origin's answer beside x-cos-meta-*. */
const STORED_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-type',
  'expires',
];

/** Tencent COS origin rules (`PUT /?origin`). */
export const cos: Vendor = {
  title: 'Tencent COS, origin rules',
  read: xmlDocument('OriginConfiguration'),
  draft: (root): readonly DraftRule[] =>
    draftRules(byPriority(root.all('OriginRule')), (source, index) =>
      fieldsOf(source, `cos-${index + 1}`),
    ),
};

function byPriority(sources: readonly VendorSource[]): readonly VendorSource[] {
  return sources
    .map((source, index) => ({
      source,
      priority: source.field('RulePriority')?.whole() ?? index + 1,
    }))
    .toSorted((a, b) => a.priority - b.priority)
    .map(({ source }) => source);
}

function fieldsOf(source: VendorSource, id: string): Fields {
  const parameter = source.field('OriginParameter');
  const condition = source.field('OriginCondition');
  const prefix = condition?.filled('Prefix') ?? '';
  const action = actionOf(source, parameter);
  const request = cosRequest(parameter, id);
  const redirects = action === 'redirect' || action === 'redirectAndFetch';
  const info = source.needed('OriginInfo');
  return {
    id,
    match: {
      keyPrefix: prefix === '' ? undefined : prefix,
      keySuffix: condition?.filled('Suffix'),
      methods: new Noted(['GET'], 'COS goes to the origin on GET only'),
      statuses: statusesOf(condition, action),
      hosts: { deny: deniedHosts(condition) },
    },
    action,
    redirect: redirects ? redirectOf(source, parameter, request.passesQuery) : undefined,
    key: cosKeyFields(info.field('FileInfo'), prefix, action === 'redirect'),
    origins: cosOrigins({ source, info, parameter, rule: id }),
    request: request.fields,
    response: { passStatuses: request.passStatuses },
    store: action === 'redirect' ? undefined : storeOf(request.passesOn),
  };
}

function storeOf(passesOn: boolean): Fields {
  return {
    headers: new Noted(STORED_HEADERS, 'COS keeps these'),
    variants: passesOn ? 'any' : undefined,
  };
}

function redirectOf(
  source: VendorSource,
  parameter: VendorSource | undefined,
  passQuery: boolean,
): Fields {
  return {
    status: redirectStatus(parameter ?? source, DEFAULT_STATUS),
    passQuery: passQuery ? true : undefined,
  };
}

function actionOf(source: VendorSource, parameter: VendorSource | undefined): string {
  const type = source.needed('OriginType');
  const copies = parameter?.optionalFlag('CopyOriginData') === true;
  switch (type.text().trim().toLowerCase()) {
    case 'mirror':
      return 'mirror';
    case 'proxy':
      type.warn('Proxy copies afterwards: clients are redirected to the origin meanwhile');
      return 'redirectAndFetch';
    case 'redirect':
      return copies ? 'redirectAndFetch' : 'redirect';
    default:
      throw type.problem('expected Mirror, Proxy or Redirect');
  }
}

function statusesOf(
  condition: VendorSource | undefined,
  action: string,
): readonly number[] | undefined {
  const code = condition?.field('HTTPStatusCode');
  if (code === undefined || code.text().trim() === '') return undefined;
  const status = code.whole();
  if (status === 404) return undefined;
  if (action !== 'redirect' || status < 400 || status > 599) {
    throw code.problem('only 404 can trigger a copy, and 400 to 599 a redirect');
  }
  return [status];
}

function deniedHosts(condition: VendorSource | undefined): readonly string[] | undefined {
  const list = condition?.field('FilterHost')?.field('ForbidHost')?.field('DomainList');
  const hosts = (list?.all('Domain') ?? []).map((domain) => domain.text().trim());
  return hosts.length === 0 ? undefined : hosts;
}
