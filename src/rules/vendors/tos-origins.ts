import { splitUrl } from '../origin-url-problem.ts';
import type { Fields, FieldValue } from './draft-rule.ts';
import { Noted } from './draft-rule.ts';
import { httpAddress, s3Address } from './origin-address.ts';
import type { VendorSource } from './vendor-source.ts';
import { warnBeyond } from './warn-beyond.ts';

/** Volcengine's limit of primary addresses. */
const MAX_PRIMARIES = 5;
/** Addresses that are asked for one object where a rule says nothing. */
const USUAL_ADDRESSES = 3;

/**
 * `origins` of a TOS rule: one of the primaries at random, then the others, then the followers.
 * @param rule the rule's id
 */
export function tosOrigins(redirect: VendorSource, rule: string): Fields {
  const open = redirect.field('PublicSource');
  const closed = redirect.field('PrivateSource');
  open?.drop('FixedEndpoint', 'addresses are chosen as `select` says');
  const masters = [...publicOnes(open, 'Primary', rule), ...privateOnes(closed, 'Primary', rule)];
  const slaves = [...publicOnes(open, 'Follower', rule), ...privateOnes(closed, 'Follower', rule)];
  if (masters.length === 0) throw redirect.problem('no source is named; expected a `Primary`');
  warnBeyond(redirect, masters.length, MAX_PRIMARIES, 'Primary');
  const count = masters.length + slaves.length;
  return {
    select: masters.length > 1 ? new Noted('random', 'as TOS chooses') : undefined,
    masters,
    slaves: slaves.length === 0 ? undefined : slaves,
    maxAddresses: count > USUAL_ADDRESSES ? count : undefined,
  };
}

function publicOnes(
  holder: VendorSource | undefined,
  name: string,
  rule: string,
): readonly FieldValue[] {
  const sources = holder?.field('SourceEndpoint')?.all(name) ?? [];
  return sources.map((source) => httpAddress(source, { rule }));
}

function privateOnes(
  holder: VendorSource | undefined,
  name: string,
  rule: string,
): readonly FieldValue[] {
  const sources = holder?.field('SourceEndpoint')?.all(name) ?? [];
  return sources.map((source) => privateAddress(source, rule));
}

function privateAddress(source: VendorSource, rule: string): Fields {
  const field = source.needed('Endpoint');
  const text = field.text().trim();
  const endpoint = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  const parts = splitUrl(endpoint);
  if (parts === undefined || parts.authority === '' || parts.authority.includes('@')) {
    throw field.problem('expected the address of a store');
  }
  const provider = source.field('CredentialProvider');
  provider?.drop('Role', 'roles are not assumed; the address reads keys from the environment');
  const keys = provider?.field('StaticCredential');
  for (const name of ['StorageVendor', 'AK', 'SK', 'SKEncryptType']) keys?.field(name);
  const bucket = source.needed('BucketName').text().trim();
  const place = { bucket, prefix: '', endpoint, pathStyle: true };
  return s3Address(source, place, { rule, region: provider?.filled('Region') });
}
