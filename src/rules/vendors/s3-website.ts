import type { DraftRule, Fields } from './draft-rule.ts';
import { draftRule, draftRules } from './draft-rule.ts';
import {
  ownHostRedirect,
  redirectMatch,
  redirectStatus,
  redirectTarget,
  replacedKey,
  routingRules,
} from './routing-rules.ts';
import type { Vendor } from './vendor.ts';
import { jsonDocument, xmlDocument } from './vendor.ts';
import type { VendorSource } from './vendor-source.ts';

/** S3 answers 301 where no HttpRedirectCode is given (Amazon S3 API reference, RoutingRule). */
const DEFAULT_STATUS = 301;

/** The routing rules of S3 website hosting (`PUT /?website`), as XML or as command lines print it. */
export const s3Website: Vendor = {
  title: 'S3, website routing rules',
  read: (text, notes) =>
    notes.format === 'json'
      ? jsonDocument(text, notes)
      : xmlDocument('WebsiteConfiguration')(text, notes),
  draft: (root): readonly DraftRule[] => {
    root.drop('IndexDocument', 'bucketfill serves objects by their keys only');
    root.drop('ErrorDocument', 'bucketfill answers errors as S3 does');
    const all = root.field('RedirectAllRequestsTo');
    const rules = draftRules(routingRules(root), fieldsOf);
    return all === undefined ? rules : [redirectAll(all), ...rules];
  },
};

function redirectAll(source: VendorSource): DraftRule {
  return draftRule(source, () => {
    const target = redirectTarget(source);
    if (target === undefined) throw source.problem('`HostName` is missing');
    return {
      id: 'redirect-all',
      match: { statuses: 'any' },
      action: 'redirect',
      redirect: { status: DEFAULT_STATUS },
      origins: { masters: [target] },
    };
  });
}

function fieldsOf(source: VendorSource, index: number): Fields {
  const id = `website-${index + 1}`;
  const redirect = source.needed('Redirect');
  const match = redirectMatch(source.field('Condition'));
  const key = replacedKey(redirect, true);
  const target = redirectTarget(redirect);
  if (match['keyPrefix'] !== undefined && key?.['replacePrefix'] === '') {
    redirect.warn('ReplaceKeyPrefixWith is empty, so the prefix is cut off');
  }
  if (target === undefined) return { id, match, ...ownHostRedirect(redirect, key) };
  return {
    id,
    match,
    action: 'redirect',
    redirect: { status: redirectStatus(redirect, DEFAULT_STATUS) },
    key,
    origins: { masters: [target] },
  };
}
