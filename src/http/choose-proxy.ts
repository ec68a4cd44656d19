import { BlockList, isIP } from 'node:net';

import { targetUrl, type TargetUrl } from './target-url.ts';

/** The proxy variables of the environment, as values; '' is as good as absent. */
export interface ProxySettings {
  /** `HTTP_PROXY`: for http URLs. */
  readonly http: string | undefined;
  /** `HTTPS_PROXY`: for https URLs. */
  readonly https: string | undefined;
  /** `NO_PROXY`: hosts, domains, addresses and CIDR blocks that are asked directly. */
  readonly none: string | undefined;
}

/** Told apart from "no proxy": a proxy variable that can't be read. */
export type ProxyChoice =
  | { readonly proxy: TargetUrl }
  | { readonly direct: true }
  | { readonly invalid: 'HTTP_PROXY' | 'HTTPS_PROXY' };

/**
 * Picks the variables from an environment. Lower case wins over upper case, as in curl.
 */
export function proxySettings(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  return {
    http: env['http_proxy'] ?? env['HTTP_PROXY'],
    https: env['https_proxy'] ?? env['HTTPS_PROXY'],
    none: env['no_proxy'] ?? env['NO_PROXY'],
  };
}

/** The proxy that `target` is asked through; a value without a scheme is an http proxy. */
export function chooseProxy(target: TargetUrl, settings: ProxySettings): ProxyChoice {
  const value = (target.scheme === 'https' ? settings.https : settings.http)?.trim() ?? '';
  if (value === '' || isExempt(target, settings.none ?? '')) return { direct: true };
  const proxy = targetUrl(value.includes('://') ? value : `http://${value}`);
  if (proxy !== undefined) return { proxy };
  return { invalid: target.scheme === 'https' ? 'HTTPS_PROXY' : 'HTTP_PROXY' };
}

function isExempt(target: TargetUrl, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(target, entry.toLowerCase()));
}

function matches(target: TargetUrl, entry: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInBlock(target.hostname, entry);
  const { host, port } = splitPort(entry);
  if (port !== undefined && port !== target.port) return false;
  // `.example.com`, `*.example.com` and `example.com` all mean the domain and what is below it.
  const domain = host.replace(/^\*?\./, '');
  return target.hostname === domain || target.hostname.endsWith(`.${domain}`);
}

function splitPort(entry: string): { host: string; port: number | undefined } {
  if (isIP(entry) === 6) return { host: entry, port: undefined };
  const [, host = entry, port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
  return { host, port: port === undefined ? undefined : Number(port) };
}

function isInBlock(address: string, cidr: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  const family = isIP(network);
  const width = family === 4 ? 32 : 128;
  if (family === 0 || isIP(address) !== family || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > width) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
