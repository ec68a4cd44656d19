import type { DraftRule, Fields } from './draft-rule.ts';
import { draftRules, Noted } from './draft-rule.ts';
import { shown } from './import-notes.ts';
import { obsKeyFields } from './obs-key.ts';
import { obsOrigins } from './obs-origins.ts';
import { obsRequest } from './obs-request.ts';
import type { Vendor } from './vendor.ts';
import { jsonDocument } from './vendor.ts';
import type { VendorSource } from './vendor-source.ts';

/** Huawei's documented limits (API reference, mirroring back-to-source rules). */
const MAX_RULES = 10;
const MAX_PREFIX = 1023;

/** Huawei OBS mirroring back-to-source rules (`PUT /?mirrorBackToSource`). */
export const obs: Vendor = {
  title: 'Huawei OBS, mirroring back-to-source rules',
  read: jsonDocument,
  draft: (root) => {
    root.needed('rules');
    const sources = root.all('rules');
    if (sources.length === 0 || sources.length > MAX_RULES) {
      throw root.problem(`\`rules\`: expected 1 to ${MAX_RULES} rules, got ${sources.length}`);
    }
    const conditions = sources.map(conditionOf);
    refuseRepeats(conditions);
    refuseContained(conditions);
    warnOfAgencies(sources);
    const drafts = draftRules(sources, (source, index) =>
      fieldsOf(source, conditions[index] ?? conditionOf(source)),
    );
    return catchAllLast(drafts, conditions);
  },
};

interface Condition {
  readonly source: VendorSource;
  readonly id: string;
  readonly prefix: string;
}

function conditionOf(source: VendorSource): Condition {
  const idSource = source.needed('id');
  const id = idSource.text();
  if (!/^[A-Za-z0-9_-]{1,256}$/.test(id)) {
    throw idSource.problem('expected 1 to 256 letters, digits, _ and -');
  }
  const condition = source.needed('condition');
  const code = condition.needed('httpErrorCodeReturnedEquals');
  if (code.whole() !== 404) throw code.problem('OBS goes back to the source on 404 only');
  const prefix = condition.optionalText('objectKeyPrefixEquals') ?? '';
  if (prefix.length > MAX_PREFIX) {
    throw condition.problem(`\`objectKeyPrefixEquals\` is longer than ${MAX_PREFIX} characters`);
  }
  return { source, id, prefix };
}

function refuseRepeats(conditions: readonly Condition[]): void {
  const ids = new Set<string>();
  for (const { source, id } of conditions) {
    if (ids.has(id)) throw source.problem(`the id \`${shown(id)}\` stands twice`);
    ids.add(id);
  }
}

/** One empty prefix may stand for all other keys; any other prefix that begins another is refused. */
function refuseContained(conditions: readonly Condition[]): void {
  for (const [index, one] of conditions.entries()) {
    for (const other of conditions.slice(index + 1)) {
      const [short, long] = one.prefix.length <= other.prefix.length ? [one, other] : [other, one];
      if (!long.prefix.startsWith(short.prefix)) continue;
      if (short.prefix === '' && long.prefix !== '') continue;
      throw long.source.problem(
        `its prefix \`${shown(long.prefix)}\` begins with that of rule \`${shown(short.id)}\`; prefixes must not contain each other`,
      );
    }
  }
}

function catchAllLast(
  drafts: readonly DraftRule[],
  conditions: readonly Condition[],
): readonly DraftRule[] {
  const at = conditions.findIndex(({ prefix }) => prefix === '');
  const [draft, condition] = [drafts[at], conditions[at]];
  if (drafts.length < 2 || draft === undefined || condition === undefined) return drafts;
  const { source } = condition;
  const mark = source.notes.mark();
  source.warn('takes every key that no other rule takes, so it stands last');
  const last = { ...draft, warnings: [...draft.warnings, ...source.notes.since(mark)] };
  return [...drafts.filter((other) => other !== draft), last];
}

function warnOfAgencies(sources: readonly VendorSource[]): void {
  const agencies = sources.map((source) => source.needed('redirect').optionalText('agency'));
  const [first] = sources;
  if (first === undefined || new Set(agencies).size < 2) return;
  first.notes.warn('rules', 'the rules name different agencies; none of them is carried over');
}

function fieldsOf(source: VendorSource, { id, prefix }: Condition): Fields {
  const redirect = source.needed('redirect');
  redirect.drop('agency', 'rights in the bucket come from its `credentials`');
  redirect.drop('vpcEndpointURN', 'bucketfill reaches origins from where it runs');
  redirect.drop('privateSource', 'give such an origin as s3://BUCKET with credentials');
  const request = obsRequest(redirect, id);
  return {
    id,
    match: {
      keyPrefix: prefix === '' ? undefined : prefix,
      methods: new Noted(
        methodsOf(redirect),
        'GET always; HEAD only where mirrorAllowHttpMethod names it',
      ),
    },
    key: obsKeyFields(redirect, prefix),
    origins: obsOrigins(redirect, id),
    request: request.fields,
    response: { onError: new Noted(404, 'what OBS answers when the source fails') },
    store: {
      requireLength: new Noted(true, 'OBS needs Content-Length; false takes chunked too'),
      variants: request.passesOn ? 'any' : undefined,
    },
  };
}

function methodsOf(redirect: VendorSource): readonly string[] {
  const methods = new Set(['GET']);
  for (const source of redirect.all('mirrorAllowHttpMethod')) {
    const method = source.text().toUpperCase();
    if (method === 'HEAD' || method === 'GET') methods.add(method);
    else source.warn('dropped: only GET and HEAD go to an origin');
  }
  return [...methods];
}
