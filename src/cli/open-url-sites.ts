import { failoverOrigin, type FailoverOptions } from '../guard/failover-origin.ts';
import type { GuardedOrigin } from '../guard/guarded-origin.ts';
import { isThrottle } from '../guard/is-throttle.ts';
import { type TargetUrl, targetUrl } from '../http/target-url.ts';
import { Failure } from '../model/failure.ts';
import type { AnswerReader, Origin, OriginRequest } from '../model/origin.ts';

/** What the sites of a rule's URLs are asked with. */
export interface UrlSiteMeans extends Pick<
  FailoverOptions,
  'retryOn' | 'neverRetryOn' | 'giveUpAfterMs' | 'clock' | 'drain' | 'onWaiting' | 'onWait'
> {
  /** The rule's own addresses, behind their guards. */
  readonly addresses: readonly GuardedOrigin[];
  /** Opens a site that is none of theirs, behind guards. */
  readonly open: (site: TargetUrl) => GuardedOrigin;
  /** Whether keys may wait at all. */
  readonly isPatient: boolean;
}

/** Sites that are kept open though nobody reads from them; a list may name any number. */
const KEPT_SITES = 256;

/**
 * A rule's origin that also takes URLs of a list: those are asked for where they point to, and
 * nowhere else. A site of one of the rule's addresses is that address, with its identity, limits
 * and breaker; any other gets limits and a breaker of its own and nothing that lets somebody in.
 *
 * Keys wait for a site that went down as they wait for a rule's addresses, if it has answered
 * before. One that never did is taken for a wrong URL, which fails alone.
 */
export function withUrlSites(origin: Origin, means: UrlSiteMeans): Origin {
  const sites = new Map<string, Site>();
  const siteOf = (url: string): Site => {
    const target = targetUrl(url);
    if (target === undefined) {
      throw new Failure('KEY_INVALID', 'the list gives a URL that is no http or https URL');
    }
    const site = sites.get(target.site) ?? openSite(target, means);
    // The longest unused one stands first.
    sites.delete(target.site);
    sites.set(target.site, site);
    return site;
  };
  const closeUnused = async (): Promise<void> => {
    for (const [name, site] of sites) {
      if (sites.size <= KEPT_SITES) return;
      if (site.readers > 0) continue;
      sites.delete(name);
      await site.close();
    }
  };
  return {
    name: origin.name,
    read: async (request, reader, signal) => {
      if (request.url === undefined) return origin.read(request, reader, signal);
      const site = siteOf(request.url);
      site.readers += 1;
      try {
        return await site.read(request, reader, signal);
      } finally {
        site.readers -= 1;
        if (sites.size > KEPT_SITES) await closeUnused();
      }
    },
    probe: (signal) => origin.probe(signal),
    close: async () => {
      await Promise.all([...sites.values()].map((site) => site.close()));
      await origin.close();
    },
  };
}

interface Site {
  /** Reads under way. */
  readers: number;
  readonly read: Origin['read'];
  readonly close: () => Promise<void>;
}

function openSite(target: TargetUrl, means: UrlSiteMeans): Site {
  const own = means.addresses.find(({ name }) => siteOfName(name) === target.site);
  const address = own ?? means.open(target);
  const patient = alone(address, means, true);
  const hasty = alone(address, means, false);
  let hasAnswered = false;
  async function read<T>(
    request: OriginRequest,
    reader: AnswerReader<T>,
    signal: AbortSignal,
  ): Promise<T> {
    if (hasAnswered) return patient.read(request, reader, signal);
    try {
      return await hasty.read(
        request,
        (answer) => {
          hasAnswered = true;
          return reader(answer);
        },
        signal,
      );
    } catch (error) {
      if (!(error instanceof Failure) || error.status === undefined) throw error;
      hasAnswered = true;
      if (!isThrottle(error)) throw error;
      return patient.read(request, reader, signal);
    }
  }
  return {
    readers: 0,
    read,
    close: async () => {
      // Twice the same address: the second closing finds nothing left to close.
      await patient.close();
      await hasty.close();
    },
  };
}

/** The site of an address by its name in events; undefined for one that is no web site. */
function siteOfName(name: string): string | undefined {
  return /^https?:/i.test(name) && URL.canParse(name) ? new URL(name).origin : undefined;
}

/** One address as a rule of its own. */
function alone(address: GuardedOrigin, means: UrlSiteMeans, isPatient: boolean): Origin {
  return failoverOrigin({
    ...means,
    name: address.name,
    order: () => [address],
    maxAddresses: 1,
    isPatient: isPatient && means.isPatient,
  });
}
