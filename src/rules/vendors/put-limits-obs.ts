import { shown } from './import-notes.ts';
import type { VendorSource } from './vendor-source.ts';

/** Huawei's limit of the name of a VPC endpoint service, in characters. */
const MAX_ENDPOINT_NAME = 127;

/**
 * What OBS refuses and import takes (API reference, back-to-source by mirroring rules): a rule
 * without an agency, a long `vpcEndpointURN`, and a rule for every key beside others.
 * @throws FatalError `usage`, naming the field.
 */
export function refuseBeyondObs(root: VendorSource): void {
  const rules = root.all('rules');
  for (const rule of rules) {
    const redirect = rule.needed('redirect');
    if (redirect.needed('agency').text().trim() === '') {
      throw redirect.problem('`agency` is empty; OBS needs the name of one');
    }
    const endpoint = redirect.field('vpcEndpointURN');
    if (endpoint !== undefined && endpoint.text().length > MAX_ENDPOINT_NAME) {
      throw endpoint.problem(`is longer than ${MAX_ENDPOINT_NAME} characters`);
    }
  }
  refuseCatchAll(rules);
}

/** An empty prefix begins every other one. */
function refuseCatchAll(rules: readonly VendorSource[]): void {
  if (rules.length < 2) return;
  const all = rules.find((rule) => prefixOf(rule) === '');
  if (all === undefined) return;
  const id = shown(all.needed('id').text());
  throw all.problem(
    `rule \`${id}\` without \`objectKeyPrefixEquals\` takes every key, so it must be the only rule`,
  );
}

function prefixOf(rule: VendorSource): string {
  return rule.needed('condition').optionalText('objectKeyPrefixEquals') ?? '';
}
