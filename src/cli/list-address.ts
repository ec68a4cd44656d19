import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { targetUrl } from '../http/target-url.ts';
import { FatalError } from '../model/failure.ts';
import type { OriginAddress } from '../model/rule.ts';
import { originName } from '../rules/origin-name.ts';
import { splitUrl } from '../rules/origin-url-problem.ts';
import { encodeSegments } from '../rules/origin-url.ts';
import { type Environment, resolveOriginUrl, resolveSecret } from '../rules/resolve-secret.ts';
import { s3Location } from '../rules/s3-origin-key.ts';
import { plainAddress } from '../rules/schema/address.ts';
import type { FetchedListSettings, ListTarget } from '../scan/walk/fetched-list-files.ts';
import type { PickedSource } from './scan-sources.ts';

/** A list that has to be fetched. */
export interface FetchedListAddress extends Pick<
  FetchedListSettings,
  'name' | 'main' | 'fileName' | 'candidates'
> {
  /** Who is asked for it. */
  readonly address: OriginAddress;
  /** The address is one of the rule's masters: the rule's headers go along. */
  readonly isOwn: boolean;
}

/** Where the list of a source is. */
export type ListAddress = { readonly path: string } | FetchedListAddress;

/**
 * The list of a source: a file beside the rules file, a URL, or an object of a store, which is asked
 * as the rule's first `s3://` master is.
 * @param folder where relative paths start
 * @throws FatalError `usage` where it can't be used.
 */
export function listAddress(source: PickedSource, folder: string, env: Environment): ListAddress {
  const { url = { text: '' }, label } = source;
  const text = resolveSecret(url, env, `rule ${label}, url`);
  if (/^file:\/\//i.test(text)) return { path: fileURLToPath(text) };
  if (!/^[a-z0-9]+:\/\//i.test(text))
    return { path: path.resolve(folder, text.replace(/^file:/i, '')) };
  const given = resolveOriginUrl(url, env, `rule ${label}, url`);
  return given.startsWith('s3:') ? inStore(source, given) : onSite(source, given, env);
}

function inStore({ rule, label }: PickedSource, url: string): FetchedListAddress {
  const location = s3Location(url);
  const master = rule.origins?.masters.find(({ s3 }) => s3 !== undefined);
  if (location === undefined || location.prefix === '' || master === undefined) {
    throw new FatalError(
      'usage',
      `rule ${label}, url: a list in a store is s3://BUCKET/KEY, and needs an s3:// address among the rule's masters, which says how the store is asked`,
    );
  }
  const { bucket, prefix: key } = location;
  const target = (originKey: string): ListTarget => ({ originKey, url: undefined });
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  return {
    name: url,
    address: { ...master, url: { text: `s3://${bucket}/` } },
    isOwn: true,
    main: target(key),
    fileName: path.posix.basename(key),
    candidates: (named) => [target(named), target(`${folder}${path.posix.basename(named)}`)],
  };
}

function onSite(
  { rule, url, label }: PickedSource,
  given: string,
  env: Environment,
): FetchedListAddress {
  const { masters = [] } = rule.origins ?? {};
  const site = targetUrl(given)?.site;
  const own = masters.find(({ url: master, s3 }, index) => {
    if (s3 !== undefined) return false;
    const where = `rule ${rule.id}, origins.masters[${index}]`;
    return targetUrl(resolveOriginUrl(master, env, where))?.site === site;
  });
  const target = (at: string): ListTarget => ({ originKey: 'list', url: at });
  return {
    name: originName(given),
    address: own ?? plainAddress(url ?? { text: given }),
    isOwn: own !== undefined,
    main: target(given),
    fileName: fileNameOf(given, label),
    candidates: (key) => urlsOf(given, key).map(target),
  };
}

function fileNameOf(url: string, label: string): string {
  const name = path.posix.basename(splitUrl(url)?.path ?? '');
  if (name !== '') return name.slice(-MOST_NAME);
  throw new FatalError('usage', `rule ${label}, url: names a folder, expected the list itself`);
}

/** File systems take 255 bytes; a list's ending is what counts. */
const MOST_NAME = 100;

/**
 * Where a file may be that a manifest names: beside it, or by its key in any folder above, as a site
 * has them that shows the bucket, or a copy of it.
 */
function urlsOf(manifest: string, key: string): string[] {
  const parts = splitUrl(manifest);
  if (parts === undefined) return [];
  const { scheme, authority, query } = parts;
  const tail = query === undefined ? '' : `?${query}`;
  const folders = parts.path.split('/').slice(1, -1);
  const at = (above: readonly string[], below: string): string =>
    `${scheme}://${authority}/${[...above, encodeSegments(below)].join('/')}${tail}`;
  // A manifest lies at most as deep in a copy of its bucket as its key has segments.
  const levels = Math.min(folders.length, key.split('/').length + 1);
  const above = Array.from({ length: levels + 1 }, (_, level) =>
    at(folders.slice(0, folders.length - level), key),
  );
  return [at(folders, path.posix.basename(key)), ...above];
}
