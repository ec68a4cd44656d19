import type { DraftRule, Fields } from './draft-rule.ts';
import { draftRules, Noted } from './draft-rule.ts';
import type { BosCondition } from './bos-condition.ts';
import { bosCondition, refuseInclusion } from './bos-condition.ts';
import { bosHeaders } from './bos-headers.ts';
import { bosKeyFields } from './bos-key.ts';
import { bosOrigins } from './bos-origins.ts';
import type { Vendor } from './vendor.ts';
import { jsonDocument } from './vendor.ts';
import type { VendorSource } from './vendor-source.ts';

/** What says nothing more where one file stands for every key. */
const UNFIT_FOR_FIXED = ['prefix', 'suffix', 'version', 'prefixReplace'];

/** Baidu's limit (console guide, mirror back-to-origin). */
const MAX_RULES = 20;

/** Baidu BOS mirroring rules (`PUT /?mirroring`). */
export const bos: Vendor = {
  title: 'Baidu BOS, mirror back-to-origin rules',
  read: jsonDocument,
  draft: (root): readonly DraftRule[] => {
    const sources = root.all('bucketMirroringConfiguration');
    if (sources.length === 0 || sources.length > MAX_RULES) {
      throw root.problem(
        `\`bucketMirroringConfiguration\`: expected 1 to ${MAX_RULES} rules, got ${sources.length}`,
      );
    }
    const conditions = sources.map((source) => bosCondition(source));
    refuseInclusion(conditions);
    return draftRules(sources, (source, index) =>
      fieldsOf(source, conditions[index] ?? bosCondition(source), `bos-${index + 1}`),
    );
  },
};

function fieldsOf(source: VendorSource, condition: BosCondition, id: string): Fields {
  const { prefix, suffix } = condition;
  const fixed = source.filled('fixedKey');
  const redirects = isRedirect(source);
  warnOfBoundary(source, prefix);
  const passQuery = source.optionalFlag('passQuerystring', 'passQueryString') === true;
  const headers = bosHeaders(source, id);
  const action = actionOf(source, redirects, fixed);
  source.drop('resourceType', 'origins are addresses here');
  return {
    id,
    match: {
      keyPrefix: prefix === '' ? undefined : prefix,
      keySuffix: suffix === '' ? undefined : suffix,
      methods: new Noted(['GET'], 'BOS does not say that a HEAD triggers'),
      statuses: fixed === undefined ? undefined : [404],
    },
    action,
    redirect: redirects && passQuery ? { passQuery } : undefined,
    key: fixed === undefined ? bosKeyFields(source, prefix) : { fixed },
    origins: bosOrigins(source, id, redirects),
    request: { passQuery: passQuery ? true : undefined, headers: headers.fields },
    store: fixed === undefined ? storeOf(source, passQuery || headers.passesOn) : undefined,
  };
}

function storeOf(source: VendorSource, passesOn: boolean): Fields {
  return {
    userMetadata: new Noted(false, 'BOS keeps seven headers of the origin'),
    storageClass: storageClassOf(source),
    variants: passesOn ? 'any' : undefined,
  };
}

function isRedirect(source: VendorSource): boolean {
  const mode = source.field('mode');
  const text = mode?.text().trim().toLowerCase() ?? '';
  if (mode === undefined || ['', 'fetch'].includes(text)) return false;
  if (text === 'redirect') return true;
  throw mode.problem('expected fetch or redirect');
}

function actionOf(
  source: VendorSource,
  redirects: boolean,
  fixed: string | undefined,
): string | Noted {
  if (fixed !== undefined && !redirects) {
    throw source.problem('`fixedKey` and `mode` fetch contradict each other');
  }
  if (fixed !== undefined) {
    for (const name of UNFIT_FOR_FIXED) source.drop(name, 'fixedKey is the whole name');
    source.drop('storageClass', 'nothing is stored');
    source.warn('fixedKey: a redirect to one file, and nothing is stored');
    return 'redirect';
  }
  return redirects
    ? new Noted('redirectAndFetch', 'BOS redirects and copies by itself afterwards')
    : 'mirror';
}

function warnOfBoundary(source: VendorSource, prefix: string): void {
  if (prefix === '') return;
  if (prefix.endsWith('/')) {
    source.warn('the prefix ends with /, which the console of BOS does not allow; it is kept');
  } else {
    source.warn('the prefix does not end with /: it also takes names that only begin alike');
  }
}

/** Classes that S3 has; others are mapped or dropped. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ['STANDARD', 'STANDARD'],
  ['STANDARD_IA', 'STANDARD_IA'],
]);
const NEAREST: ReadonlyMap<string, string> = new Map([
  ['MAZ_STANDARD', 'STANDARD'],
  ['MAZ_STANDARD_IA', 'STANDARD_IA'],
]);

function storageClassOf(source: VendorSource): string | undefined {
  const field = source.field('storageClass');
  const text = field?.text().trim().toUpperCase() ?? '';
  if (field === undefined || text === '' || CLASSES.has(text)) return CLASSES.get(text);
  const nearest = NEAREST.get(text);
  if (nearest === undefined) field.warn('dropped: S3 has no such storage class');
  else field.warn(`${nearest} is taken: S3 has no such storage class`);
  return nearest;
}
