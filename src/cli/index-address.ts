import { targetUrl } from '../http/target-url.ts';
import { FatalError } from '../model/failure.ts';
import type { KeyRewrite, OriginAddress, Rule } from '../model/rule.ts';
import { originName } from '../rules/origin-name.ts';
import { originPrefix } from '../rules/origin-prefix.ts';
import { splitUrl } from '../rules/origin-url-problem.ts';
import { originUrl } from '../rules/origin-url.ts';
import { type Environment, resolveOriginUrl } from '../rules/resolve-secret.ts';
import { plainAddress } from '../rules/schema/address.ts';
import type { PickedSource } from './scan-sources.ts';

/** Where index pages are, and how keys hang on them. */
export interface IndexAddress {
  /** Whose headers, certificates and Host are sent. */
  readonly address: OriginAddress;
  /** As events show it. */
  readonly name: string;
  /** With its final slash; neither query nor userinfo. */
  readonly folderUrl: string;
  readonly stem: string;
  readonly from: string;
  /** @throws Failure `KEY_INVALID`. */
  readonly locate: (path: string) => string;
}

/** Keys are put behind the folder as they are: the base's own stem is part of them already. */
export const BELOW_FOLDER: KeyRewrite = {
  replacePrefix: undefined,
  template: undefined,
  fixed: undefined,
  replaceSuffix: undefined,
  addPrefix: '',
  addSuffix: '',
  slashes: 'join',
  dotSegments: 'refuse',
};

/**
 * The index pages of a source. Origin keys count from a master's address where the source's URL is
 * that address or below it; else the URL stands for the address. Without a URL it is the first
 * master, and only the part of it is walked that the rule's keys can be in.
 * @throws FatalError `usage` where the URL can't be used.
 */
export function indexAddress(source: PickedSource, env: Environment): IndexAddress {
  const { rule, url, label } = source;
  const { masters = [] } = rule.origins ?? {};
  const bases = masters
    .filter(({ s3 }) => s3 === undefined)
    .map((address, index) => ({
      address,
      url: resolveOriginUrl(address.url, env, `rule ${rule.id}, origins.masters[${index}]`),
    }));
  const [first] = bases;
  if (url === undefined) {
    if (first === undefined) throw notHttp(source);
    const folder = folderOf(first.url, rule);
    const from = folderPart(`${folder.stem}${originPrefix(rule)}`);
    return { ...folder, from, address: first.address };
  }
  const given = resolveOriginUrl(url, env, `rule ${label}, url`);
  if (/^s3:/i.test(given)) throw notHttp(source);
  for (const base of bases) {
    const folder = folderOf(base.url, rule);
    const from = below(folder.folderUrl, given);
    if (from !== undefined) return { ...folder, from, address: base.address };
  }
  const whole = folderOf(given, undefined);
  return { ...whole, from: '', address: plainAddress(url) };
}

function notHttp({ label, from }: PickedSource): FatalError {
  return new FatalError(
    'usage',
    `rule ${label}: a scan from ${from} needs an http or https address among its rule's masters, or its url`,
  );
}

/** @param rule absent: the URL is a folder whatever it ends with */
function folderOf(url: string, rule: Rule | undefined): Omit<IndexAddress, 'address' | 'from'> {
  const base = originUrl(url, '', rule?.key ?? BELOW_FOLDER, '');
  const parts = splitUrl(base);
  const path = parts?.path ?? '/';
  const end = path.lastIndexOf('/') + 1;
  const host = parts?.authority.slice(parts.authority.lastIndexOf('@') + 1) ?? '';
  const folderUrl = `${parts?.scheme ?? 'http'}://${host}${path.slice(0, end)}`;
  const query = parts?.query === undefined ? '' : `?${parts.query}`;
  return {
    name: originName(folderUrl),
    folderUrl,
    stem: path.slice(end),
    locate: (below) => originUrl(`${folderUrl}${query}`, below, BELOW_FOLDER, ''),
  };
}

/** The part of a path that names folders. */
function folderPart(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** The decoded path of `url` below `folderUrl`, with its final slash; undefined where it is not below. */
function below(folderUrl: string, url: string): string | undefined {
  const [folder, target] = [targetUrl(folderUrl), targetUrl(url)];
  if (folder === undefined || target?.site !== folder.site) return undefined;
  const path = target.path.replace(/\?.*$/s, '').replace(/\/?$/, '/');
  if (!path.startsWith(folder.path)) return undefined;
  try {
    return decodeURIComponent(path.slice(folder.path.length));
  } catch {
    return undefined;
  }
}
