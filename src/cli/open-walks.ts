import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TokenBucket } from '../guard/token-bucket.ts';
import { targetUrl } from '../http/target-url.ts';
import type { OriginEvent } from '../model/event.ts';
import type { Rule } from '../model/rule.ts';
import type { OriginWalk } from '../model/walk.ts';
import { resolveOriginUrl, resolveSecret } from '../rules/resolve-secret.ts';
import type { ScanTarget } from '../run/scan/walk-place.ts';
import { directoryWalk } from '../scan/walk/directory.ts';
import { fetchRobots } from '../scan/walk/fetch-robots.ts';
import { httpIndex } from '../scan/walk/http-index.ts';
import type { RobotsRules } from '../scan/walk/robots.ts';
import { sitemap } from '../scan/walk/sitemap.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import { type IndexAddress, indexAddress } from './index-address.ts';
import { type OpenedListing, openS3Walk } from './open-s3-walk.ts';
import { openSources, type OpenedSources } from './open-sources.ts';
import type { PickedSource } from './scan-sources.ts';
import type { Surroundings } from './surroundings.ts';

export interface WalkSettings {
  readonly allowPrivate: boolean;
  /** Where relative paths of the rules file start. */
  readonly folder: string;
  readonly concurrency: number;
  readonly requestsPerSecond: number | undefined;
  readonly ignoreRobots: boolean;
  readonly onState: (event: OriginEvent) => void;
  readonly onWaiting: (line: string) => void;
  /** Aborts when the run is to stop. */
  readonly drain: AbortSignal;
}

/** What a scan walks, opened. */
export interface OpenedWalks {
  readonly targets: readonly ScanTarget[];
  /** Finds out whether every origin answers. @throws FatalError `origins-unusable`. */
  readonly check: (signal: AbortSignal) => Promise<void>;
  /** Requests sent so far. */
  readonly requests: () => number;
  readonly close: () => Promise<void>;
}

/**
 * Opens the walks of a scan; HTTP addresses behind the guards that `migrate` has.
 * @throws FatalError `usage`.
 */
export async function openWalks(
  picked: readonly PickedSource[],
  settings: WalkSettings,
  surroundings: Surroundings,
): Promise<OpenedWalks> {
  const indexes = new Map<PickedSource, IndexAddress>();
  for (const source of picked) {
    if (source.from === 'httpIndex') indexes.set(source, indexAddress(source, surroundings.env));
    // Its own URL names the sitemap; what that names hangs on the rule's address.
    if (source.from === 'sitemap') {
      indexes.set(source, indexAddress({ ...source, url: undefined }, surroundings.env));
    }
  }
  const listings = await openListings(picked, settings, surroundings);
  const sources = await openIndexSources(indexes, settings, surroundings);
  const counter = { requests: 0 };
  const robots = new Robots(settings.ignoreRobots);
  const targets = picked.map((source): ScanTarget => {
    const { rule, label } = source;
    const index = indexes.get(source);
    const opened = sources.byRule.get(label);
    const isIndex = index !== undefined && opened !== undefined;
    const walk = isIndex
      ? openIndex(index, opened, robots, counter, sitemapUrl(source, surroundings))
      : (listings.get(source)?.walk ??
        directoryWalk(directoryOf(source, settings.folder, surroundings)));
    return { rule, walk };
  });
  const listed = [...listings.values()];
  return {
    targets,
    check: async (signal) => {
      await Promise.all([sources.check(signal), ...listed.map(({ check }) => check(signal))]);
    },
    requests: () => listed.reduce((sum, { requests }) => sum + requests(), counter.requests),
    close: async () => {
      await Promise.all([sources.close(), ...listed.map(({ walk }) => walk.close())]);
    },
  };
}

async function openListings(
  picked: readonly PickedSource[],
  settings: WalkSettings,
  surroundings: Surroundings,
): Promise<ReadonlyMap<PickedSource, OpenedListing>> {
  const { requestsPerSecond: rate } = settings;
  const paces = rate === undefined ? [] : [new TokenBucket(rate, 1, surroundings.steadyClock)];
  const listings = new Map<PickedSource, OpenedListing>();
  for (const source of picked) {
    if (source.from !== 's3') continue;
    listings.set(source, await openS3Walk(source, settings, paces, surroundings));
  }
  return listings;
}

/** Each address as the only one of a rule of its own, which is called as the source is. */
async function openIndexSources(
  indexes: ReadonlyMap<PickedSource, IndexAddress>,
  settings: WalkSettings,
  surroundings: Surroundings,
): Promise<OpenedSources> {
  const rules = [...indexes].flatMap(([{ rule, label }, { address }]): Rule[] => {
    const { origins } = rule;
    if (origins === undefined) return [];
    const alone = { ...origins, select: 'ordered' as const, masters: [address], slaves: [] };
    return [{ ...rule, id: label, origins: { ...alone, healthCheck: undefined } }];
  });
  const { requestsPerSecond, ...others } = settings;
  return openSources(
    {
      ...others,
      rules,
      asks: () => true,
      patience: 'giveUpAfter',
      rates: { bytesPerSecond: undefined, requestsPerSecond },
    },
    surroundings,
  );
}

function openIndex(
  { name, folderUrl, stem, from, locate }: IndexAddress,
  { origin, headers: { headers, secrets } }: RuleSource,
  robots: Robots,
  counter: { requests: number },
  sitemapAt: string | undefined,
): OriginWalk {
  const onRequest = (): void => {
    counter.requests += 1;
  };
  const site = targetUrl(folderUrl)?.site ?? '';
  const question = { origin, site, headers, secretHeaders: secrets, onRequest };
  const shared = {
    origin,
    name,
    folderUrl,
    stem,
    headers,
    secretHeaders: secrets,
    robots: robots.of(site, (signal) => fetchRobots(question, signal)),
    onRequest,
  };
  return sitemapAt === undefined
    ? httpIndex({ ...shared, from, locate })
    : sitemap({ ...shared, url: sitemapAt });
}

/** Where a sitemap is; undefined for other sources. */
function sitemapUrl({ from, url, label }: PickedSource, { env }: Surroundings): string | undefined {
  if (from !== 'sitemap' || url === undefined) return undefined;
  return resolveOriginUrl(url, env, `rule ${label}, url`);
}

type AskRobots = (signal: AbortSignal) => Promise<RobotsRules>;

/** One robots.txt a site, asked for once. */
class Robots {
  readonly #isIgnored: boolean;
  readonly #known = new Map<string, Promise<RobotsRules>>();

  constructor(isIgnored: boolean) {
    this.#isIgnored = isIgnored;
  }

  of(site: string, ask: AskRobots): AskRobots | undefined {
    if (this.#isIgnored) return undefined;
    return (signal) => {
      const known = this.#known.get(site) ?? ask(signal);
      this.#known.set(site, known);
      return known;
    };
  }
}

function directoryOf({ url, label }: PickedSource, folder: string, { env }: Surroundings): string {
  const text = url === undefined ? '.' : resolveSecret(url, env, `rule ${label}, url`);
  if (/^file:\/\//i.test(text)) return fileURLToPath(text);
  return path.resolve(folder, text.replace(/^file:/i, ''));
}
