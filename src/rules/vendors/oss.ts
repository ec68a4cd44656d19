import type { DraftRule, Fields } from './draft-rule.ts';
import { draftRules, Noted } from './draft-rule.ts';
import { ossKey } from './oss-key.ts';
import { ossMatch } from './oss-match.ts';
import { ossMirror } from './oss-mirror.ts';
import { ownHostRedirect, redirectStatus, redirectTarget, routingRules } from './routing-rules.ts';
import type { Vendor } from './vendor.ts';
import { xmlDocument } from './vendor.ts';
import type { VendorSource } from './vendor-source.ts';

/** The seed document allows five rules, later ones 20; more than five may be refused by OSS. */
const USUAL_RULES = 5;
const MAX_RULES = 20;
/** OSS redirects with 301 where no HttpRedirectCode is given (PutBucketWebsite). */
const DEFAULT_STATUS = 301;

/** The back-to-origin rules of Aliyun OSS (`PUT /?website`). */
export const oss: Vendor = {
  title: 'Aliyun OSS, back-to-origin rules of the website configuration',
  read: xmlDocument('WebsiteConfiguration'),
  draft: (root): readonly DraftRule[] => {
    root.drop('IndexDocument', 'bucketfill serves objects by their keys only');
    root.drop('ErrorDocument', 'bucketfill answers errors as S3 does');
    const sources = routingRules(root);
    warnOfCount(root, sources.length);
    const ordered = inOrder(sources);
    return draftRules(
      ordered.map(({ source }) => source),
      (source, index) => fieldsOf(source, `oss-${ordered[index]?.number ?? index + 1}`),
    );
  },
};

function warnOfCount({ notes }: VendorSource, count: number): void {
  if (count <= USUAL_RULES) return;
  const limit =
    count > MAX_RULES
      ? `OSS allows at most ${MAX_RULES}`
      : `some regions of OSS allow ${USUAL_RULES} only`;
  notes.warn('RoutingRules', `${count} rules; ${limit}`);
}

interface Numbered {
  readonly source: VendorSource;
  readonly number: number;
}

/** Rules take effect by their numbers; one without a number keeps its place in the document. */
function inOrder(sources: readonly VendorSource[]): readonly Numbered[] {
  const numbered = sources.map((source, index): Numbered => {
    const field = source.field('RuleNumber');
    const number = field?.whole() ?? index + 1;
    if (number < 1) throw source.problem('`RuleNumber`: expected 1 or more');
    return { source, number };
  });
  const ordered = numbered.toSorted((a, b) => a.number - b.number);
  for (const [index, { source, number }] of ordered.entries()) {
    if (ordered[index + 1]?.number === number) {
      throw source.problem(`\`RuleNumber\`: ${number} stands twice`);
    }
    if (numbered[index]?.number !== number) source.warn('moved: rules go by their RuleNumber');
  }
  return ordered;
}

function fieldsOf(source: VendorSource, id: string): Fields {
  const redirect = source.needed('Redirect');
  const condition = source.field('Condition');
  source.drop('LuaConfig', 'scripts are not run');
  const given = redirect.filled('RedirectType');
  if (given === undefined && redirect.filled('MirrorURL') !== undefined) {
    throw redirect.problem('`MirrorURL` without `RedirectType`; expected Mirror beside it');
  }
  const type = given ?? 'External';
  switch (type.trim().toLowerCase()) {
    case 'mirror':
      return ossMirror(redirect, condition, id);
    case 'external':
    case 'alicdn':
      if (type.toLowerCase() === 'alicdn') {
        redirect.warn('AliCDN is taken as External; the CDN is not told to follow by itself');
      }
      return redirected(redirect, condition, id);
    case 'internal':
      return rewritten(redirect, condition, id);
    default:
      throw redirect.problem('`RedirectType`: expected Mirror, External, AliCDN or Internal');
  }
}

function redirected(
  redirect: VendorSource,
  condition: VendorSource | undefined,
  id: string,
): Fields {
  const key = ossKey(redirect);
  const target = redirectTarget(redirect);
  const match = ossMatch(condition, 'redirect');
  const passQuery = redirect.optionalFlag('PassQueryString');
  if (target === undefined) return { id, match, ...ownHostRedirect(redirect, key) };
  return {
    id,
    match,
    action: 'redirect',
    redirect: {
      status: redirectStatus(redirect, DEFAULT_STATUS),
      passQuery: passQuery === true ? true : undefined,
    },
    key,
    origins: { masters: [target] },
  };
}

function rewritten(
  redirect: VendorSource,
  condition: VendorSource | undefined,
  id: string,
): Fields {
  for (const name of ['HostName', 'Protocol', 'HttpRedirectCode']) {
    if (redirect.filled(name) === undefined) continue;
    throw redirect.problem(`\`RedirectType\` Internal and \`${name}\` contradict each other`);
  }
  const key = ossKey(redirect);
  if (key === undefined) throw redirect.problem('an Internal rule names no other key');
  return {
    id,
    match: ossMatch(condition, 'redirect'),
    action: new Noted('rewrite', 'RedirectType Internal: another key of this bucket'),
    key,
  };
}
