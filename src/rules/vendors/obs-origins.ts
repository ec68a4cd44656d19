import type { Fields, FieldValue } from './draft-rule.ts';
import { Noted } from './draft-rule.ts';
import { httpAddress, isRegionOnly } from './origin-address.ts';
import { retryPatterns } from './retry-patterns.ts';
import type { VendorSource } from './vendor-source.ts';

/** Huawei's limits: addresses of each kind, characters of one, and conditions to change it. */
const MAX_ADDRESSES = 5;
const MIN_ADDRESS = 10;
const MAX_ADDRESS = 255;
const MAX_CONDITIONS = 20;

/**
 * `origins` of an OBS rule: masters in turn, then one slave.
 * @param rule the rule's id
 */
export function obsOrigins(redirect: VendorSource, rule: string): Fields {
  const endpoint = redirect.field('publicSource')?.field('sourceEndpoint');
  if (endpoint === undefined) {
    throw redirect.problem('`publicSource.sourceEndpoint` is missing; the rule has no origin');
  }
  const masters = addresses(endpoint, 'master', rule);
  const slaves = addresses(endpoint, 'slave', rule);
  if (masters.length === 0) throw endpoint.problem('`master` is missing: 1 to 5 addresses');
  const conditions = redirect.all('retryConditions');
  if (conditions.length > MAX_CONDITIONS) {
    throw redirect.problem(`\`retryConditions\`: at most ${MAX_CONDITIONS}`);
  }
  return {
    select:
      masters.length > 1 ? new Noted('roundRobin', 'OBS asks its masters in turn') : undefined,
    masters,
    slaves: slaves.length === 0 ? undefined : slaves,
    retryOn: conditions.length === 0 ? undefined : retryPatterns(conditions),
  };
}

function addresses(endpoint: VendorSource, name: string, rule: string): readonly FieldValue[] {
  const sources = endpoint.all(name);
  if (sources.length > MAX_ADDRESSES) {
    throw endpoint.problem(`\`${name}\`: at most ${MAX_ADDRESSES} addresses`);
  }
  return sources.map((source) => {
    const { length } = source.text();
    if (length < MIN_ADDRESS || length > MAX_ADDRESS) {
      throw source.problem(
        `an address has ${MIN_ADDRESS} to ${MAX_ADDRESS} characters, got ${length}`,
      );
    }
    if (isRegionOnly(source.text())) {
      source.warn(
        'a region of a store, which names no bucket; give it as s3://BUCKET with endpoint and credentials',
      );
    }
    return httpAddress(source, { rule });
  });
}
