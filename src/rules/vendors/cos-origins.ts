import { originUrlProblem } from '../origin-url-problem.ts';
import type { Fields, FieldValue } from './draft-rule.ts';
import { Noted } from './draft-rule.ts';
import { bucketPlace, s3Address } from './origin-address.ts';
import type { VendorSource } from './vendor-source.ts';

/** Addresses that are asked for one object where a rule says nothing. */
const USUAL_ADDRESSES = 3;
/** Weights beyond this are no better told apart. */
const MAX_WEIGHT = 1000;

export interface CosRule {
  readonly source: VendorSource;
  readonly info: VendorSource;
  readonly parameter: VendorSource | undefined;
  readonly rule: string;
}

/**
 * `origins` of a COS rule: hosts by weight, then standby hosts by the number in their tags.
 * Standby hosts are asked on 5XX and on what HTTPStandbyCode adds.
 */
export function cosOrigins({ source, info, parameter, rule }: CosRule): Fields {
  const scheme = schemeOf(parameter ?? source);
  const hosts = info.all('HostInfo');
  const masters = hosts.flatMap((host) => mastersOf(host, scheme, rule));
  const slaves = hosts.flatMap((host) => standbys(host, scheme, rule));
  if (masters.length === 0) throw info.problem('no HostName is given');
  const isWeighted = hosts.length > 1 && hosts.some((host) => host.filled('Weight') !== undefined);
  const count = masters.length + slaves.length;
  return {
    select: isWeighted ? 'weighted' : undefined,
    masters: isWeighted ? masters : masters.map(withoutWeight),
    slaves: slaves.length === 0 ? undefined : slaves,
    retryOn: retryOn(source.field('HTTPStandbyCode')),
    maxAddresses: count > USUAL_ADDRESSES ? count : undefined,
  };
}

function schemeOf(parameter: VendorSource): 'http' | 'https' {
  const protocol = parameter.filled('Protocol')?.trim().toUpperCase() ?? 'FOLLOW';
  if (protocol === 'HTTP') return 'http';
  if (protocol === 'FOLLOW') {
    parameter.warn(
      "Protocol FOLLOW is the client's own; https is taken, write http where it lacks",
    );
  } else if (protocol !== 'HTTPS') {
    throw parameter.problem('`Protocol`: expected FOLLOW, HTTP or HTTPS');
  }
  return 'https';
}

function mastersOf(info: VendorSource, scheme: string, rule: string): readonly FieldValue[] {
  const host = info.field('HostName');
  const closed = info.field('PrivateHost');
  const weight = info.filled('Weight') === undefined ? 1 : info.needed('Weight').whole();
  if (weight > MAX_WEIGHT) throw info.problem(`\`Weight\`: at most ${MAX_WEIGHT}`);
  const open =
    host === undefined || host.text() === '' ? [] : [{ url: hostUrl(host, scheme), weight }];
  if (closed === undefined) return open;
  return [...open, { ...privateAddress(closed, scheme, rule), weight }];
}

function withoutWeight(address: FieldValue): FieldValue {
  if (typeof address !== 'object' || Array.isArray(address) || address instanceof Noted) {
    return address;
  }
  const entries = Object.entries(address).filter(([name]) => name !== 'weight');
  const [[name, value] = []] = entries;
  return entries.length === 1 && name === 'url' && value !== undefined
    ? value
    : Object.fromEntries(entries);
}

/** Standby hosts stand in tags with numbers: `StandbyHostName_1` and so on. */
function standbys(info: VendorSource, scheme: string, rule: string): readonly FieldValue[] {
  return info
    .names()
    .flatMap((name) => {
      const [, kind, digits] = /^(StandbyHostName|PrivateStandbyHost)_(\d{1,3})$/.exec(name) ?? [];
      const host = digits === undefined ? undefined : info.field(name);
      if (host === undefined) return [];
      const isOpen = kind === 'StandbyHostName';
      if (isOpen && host.text() === '') return [];
      const address = isOpen ? hostUrl(host, scheme) : privateAddress(host, scheme, rule);
      return [{ number: Number(digits), address }];
    })
    .toSorted((a, b) => a.number - b.number)
    .map(({ address }) => address);
}

function hostUrl(host: VendorSource, scheme: string): string {
  const url = `${scheme}://${host.text().trim()}/`;
  const problem = originUrlProblem(url, 'file');
  if (problem !== undefined) throw host.problem(problem);
  return url;
}

function privateAddress(source: VendorSource, scheme: string, rule: string): Fields {
  const host = source.needed('Host');
  const provider = source.field('CredentialProvider');
  provider?.drop('Role', 'roles are not assumed; the address reads keys from the environment');
  for (const name of ['AuthorizationAlgorithm', 'SecretId', 'SecretKey']) provider?.field(name);
  const place = bucketPlace(hostUrl(host, scheme));
  if (place === undefined) throw host.problem('no bucket can be told from this host');
  return s3Address(host, place, { rule, region: provider?.filled('Region') });
}

function retryOn(codes: VendorSource | undefined): readonly (string | number)[] | undefined {
  const added = new Set<string | number>();
  for (const source of codes?.all('StatusCode') ?? []) {
    const text = source.text().trim().toUpperCase();
    if (text === '4XX' || /^4\d\d$/.test(text)) added.add(text === '4XX' ? text : Number(text));
    else if (!/^5(\d\d|XX)$/.test(text)) throw source.problem('expected a status from 400 to 599');
  }
  if (added.size === 0) return undefined;
  return added.has('4XX') ? ['4XX', '5XX'] : [...added, '5XX'];
}
