import path from 'node:path';
import { proxySettings } from '../http/choose-proxy.ts';
import { targetUrl } from '../http/target-url.ts';
import { FatalError } from '../model/failure.ts';
import type { Origin } from '../model/origin.ts';
import type { OriginAddress, Rule, S3Settings } from '../model/rule.ts';
import { httpOrigin } from '../origin/http-origin.ts';
import type { AddressIdentity } from '../origin/origin-access.ts';
import { s3Location, s3OriginKey } from '../rules/s3-origin-key.ts';
import { originName } from '../rules/origin-name.ts';
import { readPem } from './read-pem.ts';
import { resolveAddress } from './resolve-address.ts';
import { resolveOriginUrl } from '../rules/resolve-secret.ts';
import { storeHost } from './store-host.ts';
import type { Surroundings } from './surroundings.ts';
import { version } from './version.ts';

/** One address of a rule, to be opened. */
export interface AddressToOpen {
  readonly rule: Rule;
  readonly address: OriginAddress;
  /** Its path in the rules file, for messages. */
  readonly where: string;
}

export interface AddressSettings {
  readonly allowPrivate: boolean;
  /** Where relative paths of the rules file start. */
  readonly folder: string;
  /** Objects worked on at once: no address ever needs more connections. */
  readonly concurrency: number;
  /** Aborts when the run is to stop. */
  readonly drain: AbortSignal;
}

export interface OpenedAddress {
  readonly origin: Origin;
  /** Whom its requests go to: addresses of one host share what holds them back. */
  readonly host: string;
  /** `scheme://host:port` of where its requests go, as a URL has it; undefined for AWS. */
  readonly site: string | undefined;
  /** What lets in, and finds, who asks that site for something else than an object. */
  readonly identity: AddressIdentity;
  /** Where an origin key is found. @throws Failure `KEY_INVALID` where it can't be asked for. */
  readonly locate: (originKey: string) => string;
}

/** One request is all that the store's own lane makes: retries are the guards'. */
const ONE_ATTEMPT = 1;

/**
 * Opens an address, without its guards.
 * @throws FatalError `usage`.
 */
export async function openAddress(
  toOpen: AddressToOpen,
  settings: AddressSettings,
  surroundings: Surroundings,
): Promise<OpenedAddress> {
  const { s3 } = toOpen.address;
  return s3 === undefined
    ? openHttp(toOpen, settings, surroundings)
    : openS3(toOpen, s3, settings, surroundings);
}

async function openHttp(
  { rule, address, where }: AddressToOpen,
  settings: AddressSettings,
  { env, clock }: Surroundings,
): Promise<OpenedAddress> {
  const { request, protect, key } = rule;
  const resolved = await resolveAddress(address, where, settings.folder, env);
  const { followRedirects, maxRedirects, refererOnRedirect, timeouts } = request;
  const name = originName(resolved.baseUrl);
  const find = resolved.locator(key);
  const origin = httpOrigin({
    ...resolved,
    name,
    locate: find,
    timeouts,
    followRedirects,
    maxRedirects,
    refererOnRedirect,
    allowPrivate: settings.allowPrivate,
    proxies: proxySettings(env),
    connections: Math.min(protect.concurrency, settings.concurrency),
    clock,
    userAgent: `bucketfill/${version}`,
    lendsReads: true,
  });
  const { host } = new URL(name);
  const home = targetUrl(resolved.baseUrl);
  const own = home?.authorization === undefined ? {} : { authorization: home.authorization };
  const identity = { ...identityOf(resolved), headers: { ...own, ...resolved.headers } };
  const locate = (originKey: string): string => find(originKey, '');
  return { origin, host, site: home?.site, identity, locate };
}

async function openS3(
  { rule, address, where }: AddressToOpen,
  s3: S3Settings,
  settings: AddressSettings,
  surroundings: Surroundings,
): Promise<OpenedAddress> {
  const location = s3Location(resolveOriginUrl(address.url, surroundings.env, where));
  if (location === undefined) {
    const variable =
      'env' in address.url ? ` (from the environment variable ${address.url.env})` : '';
    throw new FatalError(
      'usage',
      `${where}${variable}: the URL is not of the form s3://BUCKET/PREFIX/, which the address's other fields belong to`,
    );
  }
  const { bucket, prefix } = location;
  const { openStore } = await import('./open-s3-store.ts');
  const { s3Origin } = await import('../origin/s3-origin.ts');
  const store = await openStore(
    {
      name: `s3://${bucket}/`,
      bucket,
      settings: s3,
      role: 'origin',
      allowPrivate: settings.allowPrivate,
      timeouts: rule.request.timeouts,
      connections: Math.min(rule.protect.concurrency, settings.concurrency),
      attempts: ONE_ATTEMPT,
      lendsReads: true,
      drain: settings.drain,
    },
    settings.folder,
    surroundings,
  );
  const locate = (originKey: string): string => s3OriginKey(prefix, originKey, rule.key);
  const origin = s3Origin({ name: `s3://${bucket}/${prefix}`, store, locate });
  const { endpoint, ca: file } = s3;
  const ca = file === undefined ? file : await readPem(path.resolve(settings.folder, file), where);
  const tls = { ca, cert: undefined, key: undefined };
  const nobody = { headers: {}, hostHeader: undefined, serverName: undefined };
  return {
    origin,
    host: storeHost(s3, bucket),
    site: endpoint === undefined ? undefined : targetUrl(endpoint)?.site,
    // What lets into a store is signed into each of its requests.
    identity: { ...nobody, connectTo: undefined, tls },
    locate,
  };
}

function identityOf(resolved: AddressIdentity): AddressIdentity {
  const { headers, hostHeader, serverName, connectTo, tls } = resolved;
  return { headers, hostHeader, serverName, connectTo, tls };
}
