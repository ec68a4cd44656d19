import { proxySettings } from '../http/choose-proxy.ts';
import type { TargetUrl } from '../http/target-url.ts';
import type { Rule } from '../model/rule.ts';
import { urlSiteOrigin } from '../origin/url-site-origin.ts';
import type { AddressSettings, OpenedAddress } from './open-address.ts';
import type { Surroundings } from './surroundings.ts';
import { version } from './version.ts';

/** Opens a site that a list's URLs point to and none of the rule's addresses is at, unguarded. */
export function openUrlSite(
  { site, authority }: TargetUrl,
  { request, protect }: Rule,
  { allowPrivate, concurrency }: AddressSettings,
  { env, clock }: Surroundings,
): Pick<OpenedAddress, 'origin' | 'host'> {
  const { followRedirects, maxRedirects, refererOnRedirect, timeouts } = request;
  const origin = urlSiteOrigin(site, {
    timeouts,
    followRedirects,
    maxRedirects,
    refererOnRedirect,
    allowPrivate,
    proxies: proxySettings(env),
    connections: Math.min(protect.concurrency, concurrency),
    clock,
    userAgent: `bucketfill/${version}`,
  });
  return { origin, host: authority };
}
