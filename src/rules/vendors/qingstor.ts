import { splitUrl } from '../origin-url-problem.ts';
import { draftRule, Noted } from './draft-rule.ts';
import type { Fields } from './draft-rule.ts';
import { httpAddress } from './origin-address.ts';
import type { Vendor } from './vendor.ts';
import { jsonDocument } from './vendor.ts';
import type { VendorSource } from './vendor-source.ts';

const RULE = 'qingstor';

/** QingStor's external mirror (`PUT /?mirror`): one source for every key. */
export const qingstor: Vendor = {
  title: 'QingStor, external mirror',
  read: jsonDocument,
  draft: (root) => [draftRule(root, () => fieldsOf(root))],
};

function fieldsOf(root: VendorSource): Fields {
  const site = root.needed('source_site');
  const address = httpAddress(site, { rule: RULE, schemeMayLack: true });
  const path = typeof address === 'string' ? (splitUrl(address)?.path ?? '') : '';
  if (path !== '' && !path.endsWith('/')) {
    site.warn('the path does not end with /; one is put between it and the key');
  }
  return {
    id: RULE,
    match: { methods: new Noted(['GET'], 'a HEAD does not trigger QingStor') },
    action: new Noted(
      'mirror',
      'QingStor may answer with a 302 as well; that would be redirectAndFetch',
    ),
    origins: { masters: [address] },
    response: { onError: new Noted(503, 'what QingStor answers when the source fails') },
    store: {
      requireLength: new Noted(true, 'QingStor needs Content-Length; false takes chunked too'),
    },
  };
}
