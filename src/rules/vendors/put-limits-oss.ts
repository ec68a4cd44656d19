import { refuseOssHeaders } from './put-limits-oss-headers.ts';
import { routingRules } from './routing-rules.ts';
import type { VendorSource } from './vendor-source.ts';

/** Rules of a bucket, and numbers of further origins (Aliyun's limits and SDKs). */
const MAX_RULES = 20;
const MAX_ALTERNATE = 10_000;

/**
 * What OSS refuses and import takes (PutBucketWebsite and the checks of its SDKs): more than 20
 * rules, numbers that are absent or don't increase, mirror rules that are incomplete, and headers
 * beyond its limits. A website without rules is taken where it says anything else.
 * @throws FatalError `usage`, naming the field.
 */
export function refuseBeyondOss(root: VendorSource): void {
  const rules = routingRules(root);
  if (rules.length === 0) {
    if (root.field('IndexDocument') !== undefined) return;
    if (root.field('ErrorDocument') !== undefined) return;
    throw root.problem('expected one of `IndexDocument`, `ErrorDocument` and `RoutingRules`');
  }
  if (rules.length > MAX_RULES) {
    throw root.problem(`\`RoutingRules\`: ${rules.length} rules; OSS allows at most ${MAX_RULES}`);
  }
  refuseDisorder(rules);
  for (const rule of rules) {
    const redirect = rule.needed('Redirect');
    const condition = rule.field('Condition');
    const isMirror = redirect.filled('RedirectType')?.trim().toLowerCase() === 'mirror';
    if (isMirror) refuseIncomplete(redirect, condition);
    refuseOssHeaders(redirect, condition);
  }
}

function refuseDisorder(rules: readonly VendorSource[]): void {
  let before = 0;
  for (const rule of rules) {
    const source = rule.needed('RuleNumber');
    const number = source.whole();
    if (number <= before) {
      throw source.problem(
        before === 0
          ? 'expected 1 or more'
          : `${number} stands behind ${before}; the numbers must increase`,
      );
    }
    before = number;
  }
}

function refuseIncomplete(redirect: VendorSource, condition: VendorSource | undefined): void {
  if (condition?.filled('HttpErrorCodeReturnedEquals') === undefined) {
    throw redirect.problem(
      'a mirror rule needs `HttpErrorCodeReturnedEquals` 404 as its condition',
    );
  }
  const url = redirect.needed('MirrorURL');
  if (!url.text().trim().endsWith('/')) throw url.problem('an origin must end with /');
  const hasSlave = redirect.filled('MirrorURLSlave') !== undefined;
  if (hasSlave && redirect.filled('MirrorURLProbe') === undefined) {
    throw redirect.problem('`MirrorURLSlave` needs `MirrorURLProbe` beside it');
  }
  const alternates = redirect.field('MirrorMultiAlternates')?.all('MirrorMultiAlternate') ?? [];
  for (const alternate of alternates) {
    const source = alternate.needed('MirrorMultiAlternateNumber');
    const number = source.whole();
    if (number < 1 || number > MAX_ALTERNATE) {
      throw source.problem(`expected a number from 1 to ${MAX_ALTERNATE}, got ${number}`);
    }
  }
}
