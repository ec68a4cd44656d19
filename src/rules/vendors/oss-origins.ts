import type { Fields, FieldValue } from './draft-rule.ts';
import { Noted } from './draft-rule.ts';
import { bucketPlace, httpAddress, s3Address } from './origin-address.ts';
import type { VendorSource } from './vendor-source.ts';

/** Addresses that are asked for one object where a rule says nothing. */
const USUAL_ADDRESSES = 3;

/**
 * `origins` of an OSS mirror rule: MirrorURL, its alternates by their numbers, and the slave.
 * @param rule the rule's id
 */
export function ossOrigins(redirect: VendorSource, rule: string): Fields {
  const url = redirect.needed('MirrorURL');
  const first = httpAddress(url, { rule });
  if (typeof first === 'string' && !first.endsWith('/') && !first.includes('?')) {
    url.warn('does not end with /; one is put between it and the key');
  }
  const signed = signedAddress(redirect, url, rule);
  const masters = [signed ?? first, ...alternates(redirect, rule)];
  const slave = redirect.field('MirrorURLSlave');
  const slaves = slave === undefined || slave.text() === '' ? [] : [httpAddress(slave, { rule })];
  const count = masters.length + slaves.length;
  return {
    masters,
    slaves: slaves.length === 0 ? undefined : slaves,
    ...failover(redirect),
    maxAddresses: count > USUAL_ADDRESSES ? count : undefined,
    healthCheck: healthCheck(redirect),
  };
}

/** With MirrorSwitchAllErrors any status but these makes OSS change the address. */
function failover(redirect: VendorSource): Fields {
  if (redirect.optionalFlag('MirrorSwitchAllErrors') !== true) return {};
  return { retryOn: ['4XX', '5XX'], neverRetryOn: [new Noted(404, 'an answer of its own')] };
}

function healthCheck(redirect: VendorSource): Fields | undefined {
  const probe = redirect.field('MirrorURLProbe');
  if (probe === undefined || probe.text() === '') return undefined;
  const url = httpAddress(probe, { rule: 'probe' });
  if (typeof url === 'string') return { url };
  probe.warn('dropped: an address with credentials cannot be a health check');
  return undefined;
}

function alternates(redirect: VendorSource, rule: string): readonly FieldValue[] {
  const sources = redirect.field('MirrorMultiAlternates')?.all('MirrorMultiAlternate') ?? [];
  return sources
    .map((source) => {
      source.drop('MirrorMultiAlternateVpcId', 'bucketfill reaches origins from where it runs');
      source.drop('MirrorMultiAlternateDstRegion', 'bucketfill reaches origins from where it runs');
      const number = source.field('MirrorMultiAlternateNumber')?.whole() ?? 0;
      return { number, address: httpAddress(source.needed('MirrorMultiAlternateURL'), { rule }) };
    })
    .toSorted((a, b) => a.number - b.number)
    .map(({ address }) => address);
}

/** The address with the keys of MirrorAuth, which sign as S3 does. */
function signedAddress(
  redirect: VendorSource,
  url: VendorSource,
  rule: string,
): Fields | undefined {
  const auth = redirect.field('MirrorAuth');
  if (auth === undefined) return undefined;
  for (const name of ['AccessKeyId', 'AccessKeySecret']) auth.field(name);
  const type = auth.filled('AuthType');
  const region = auth.filled('Region');
  if (type === undefined) return undefined;
  const place = type === 'S3V4' ? bucketPlace(url.text().trim()) : undefined;
  if (place !== undefined) return s3Address(url, place, { rule, region });
  auth.warn(
    'dropped: no bucket can be told from MirrorURL; give the origin as s3://BUCKET with endpoint and credentials',
  );
  return undefined;
}
