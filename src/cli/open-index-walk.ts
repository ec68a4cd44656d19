import { targetUrl } from '../http/target-url.ts';
import type { OriginWalk } from '../model/walk.ts';
import { type Environment, resolveOriginUrl } from '../rules/resolve-secret.ts';
import { fetchRobots } from '../scan/walk/fetch-robots.ts';
import { httpIndex } from '../scan/walk/http-index.ts';
import type { RobotsRules } from '../scan/walk/robots.ts';
import { sitemap } from '../scan/walk/sitemap.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import type { IndexAddress } from './index-address.ts';
import type { PickedSource } from './scan-sources.ts';

/** Opens the walks of index pages and sitemaps of one run, which share their sites' robots.txt. */
export class IndexWalks {
  readonly #robots: Robots;
  readonly #onRequest: () => void;
  readonly #env: Environment;

  /** @param onRequest told of each request */
  constructor(ignoreRobots: boolean, onRequest: () => void, env: Environment) {
    this.#robots = new Robots(ignoreRobots);
    this.#onRequest = onRequest;
    this.#env = env;
  }

  /** @param opened the address behind its guards */
  open(source: PickedSource, address: IndexAddress, opened: RuleSource | undefined): OriginWalk {
    if (opened === undefined) throw new Error(`nobody was opened for ${address.name}`);
    const { name, folderUrl, stem, from, locate } = address;
    const { origin, headers } = opened;
    const site = targetUrl(folderUrl)?.site ?? '';
    const asked = {
      origin,
      headers: headers.headers,
      secretHeaders: headers.secrets,
      onRequest: this.#onRequest,
    };
    const robots = this.#robots.of(site, (signal) => fetchRobots({ ...asked, site }, signal));
    const shared = { ...asked, name, folderUrl, stem, robots };
    const { url, label } = source;
    if (source.from !== 'sitemap' || url === undefined) {
      return httpIndex({ ...shared, from, locate });
    }
    return sitemap({ ...shared, url: resolveOriginUrl(url, this.#env, `rule ${label}, url`) });
  }
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
