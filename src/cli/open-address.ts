import { proxySettings } from '../http/choose-proxy.ts';
import type { Origin } from '../model/origin.ts';
import type { KeyRewrite, OriginAddress, Rule, S3Settings } from '../model/rule.ts';
import { httpOrigin } from '../origin/http-origin.ts';
import { s3Origin } from '../origin/s3-origin.ts';
import { originName } from '../rules/origin-name.ts';
import { openStore } from './open-s3-store.ts';
import { resolveAddress } from './resolve-address.ts';
import { resolveOriginUrl } from '../rules/resolve-secret.ts';
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
}

export interface OpenedAddress {
  readonly origin: Origin;
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
  const origin = httpOrigin({
    ...resolved,
    name: originName(resolved.baseUrl),
    locate: (originKey, query) => resolved.locate(originKey, key, query),
    timeouts,
    followRedirects,
    maxRedirects,
    refererOnRedirect,
    allowPrivate: settings.allowPrivate,
    proxies: proxySettings(env),
    connections: Math.min(protect.concurrency, settings.concurrency),
    clock,
    userAgent: `bucketfill/${version}`,
  });
  return { origin, locate: (originKey) => resolved.locate(originKey, key, '') };
}

async function openS3(
  { rule, address, where }: AddressToOpen,
  s3: S3Settings,
  settings: AddressSettings,
  surroundings: Surroundings,
): Promise<OpenedAddress> {
  const url = resolveOriginUrl(address.url, surroundings.env, where);
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(url) ?? [];
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
    },
    settings.folder,
    surroundings,
  );
  const locate = (originKey: string): string => keyBelow(prefix, originKey, rule.key);
  return { origin: s3Origin({ name: url, store, locate }), locate };
}

/** The key in the store: S3 is exact, so prefix and key are only joined. */
function keyBelow(prefix: string, originKey: string, { slashes }: KeyRewrite): string {
  const needsSlash = prefix !== '' && !prefix.endsWith('/') && slashes !== 'raw';
  return `${prefix}${needsSlash ? '/' : ''}${originKey}`;
}
