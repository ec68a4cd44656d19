import { Failure } from '../model/failure.ts';
import type { Origin } from '../model/origin.ts';
import { httpOrigin, type HttpOriginSettings } from './http-origin.ts';
import { withoutCredentials } from './origin-access.ts';

/** How a site is asked that is none of the rule's. */
export type UrlSiteSettings = Omit<
  HttpOriginSettings,
  'name' | 'baseUrl' | 'locate' | 'headers' | 'hostHeader' | 'serverName' | 'connectTo' | 'tls'
>;

/**
 * A site that URLs of a list point to and none of the rule's addresses is at. Nothing of the rule
 * that lets somebody in goes there: no address's identity, and no credential among the rule's
 * headers. Userinfo in a URL of the list does.
 * @param site `scheme://host[:port]`
 */
export function urlSiteOrigin(site: string, settings: UrlSiteSettings): Origin {
  const origin = httpOrigin({
    ...settings,
    name: `${site}/`,
    baseUrl: `${site}/`,
    locate: () => {
      throw new Failure('KEY_INVALID', `${site} is asked for URLs of a list, not for keys`);
    },
    headers: {},
    hostHeader: undefined,
    serverName: undefined,
    connectTo: undefined,
    tls: { ca: undefined, cert: undefined, key: undefined },
  });
  return {
    name: origin.name,
    read: (request, reader, signal) =>
      origin.read({ ...request, headers: withoutCredentials(request) }, reader, signal),
    probe: (signal) => origin.probe(signal),
    close: () => origin.close(),
  };
}
