import type { ServerResponse } from 'node:http';
import { type IndexSite, indexOf, type SitePage, startIndexSite } from './index-site.ts';
import { sha256 } from './oracle.ts';

/** A site that lacks some of its objects until they are given to it. */
export interface LackingSite extends IndexSite {
  /** Objects that are 404. */
  readonly lacking: Set<string>;
  /** Called for each object that is asked for, before it is answered. */
  onObject: (key: string) => void;
  /** Keys to SHA-256 of what is there, or will be. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Starts a site with an index page of `keys`, which lacks some of them. */
export async function startLackingSite(
  keys: readonly string[],
  lacking: readonly string[],
): Promise<LackingSite> {
  const missing = new Set(lacking);
  const digests = new Map(keys.map((key) => [key, sha256(bodyOf(key))]));
  const ignored = (): void => undefined;
  const state: Pick<LackingSite, 'onObject'> = { onObject: ignored };
  const site = await startIndexSite((wire): SitePage => {
    if (wire === '/') return indexOf(keys);
    const key = wire.slice(1);
    if (!digests.has(key)) return undefined;
    state.onObject(key);
    return missing.has(key) ? undefined : objectOf(key);
  });
  return Object.assign(state, {
    ...site,
    lacking: missing,
    digests,
  });
}

function bodyOf(key: string): Buffer {
  return Buffer.from(`the object ${key}`);
}

function objectOf(key: string): (response: ServerResponse) => void {
  const body = bodyOf(key);
  return (response) => {
    response.writeHead(200, { 'content-length': body.length, etag: `"${key}"` }).end(body);
  };
}
