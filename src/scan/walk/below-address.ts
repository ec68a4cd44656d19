import { targetUrl } from '../../http/target-url.ts';
import type { PassedReason } from '../../model/walk.ts';
import { decodeSegment } from './decode-segment.ts';

/** An address that keys hang on. */
export interface AddressFrame {
  /** With its final slash. */
  readonly folderUrl: string;
  /** What every origin key's path below the folder begins with. */
  readonly stem: string;
}

/**
 * The origin key that an absolute URL stands for below an address, or why it stands for none. As
 * with links, nothing is normalised away.
 */
export function belowAddress(
  url: string,
  { folderUrl, stem }: AddressFrame,
): { readonly originKey: string } | { readonly reason: PassedReason } {
  const [target, folder] = [targetUrl(url), targetUrl(folderUrl)];
  if (target === undefined || folder === undefined || target.site !== folder.site) {
    return { reason: 'other-site' };
  }
  if (url.includes('#')) return { reason: 'fragment' };
  if (url.includes('\\')) return { reason: 'bad-escape' };
  const path = decodedPath(target.path);
  if ('reason' in path) return path;
  const base = decodedPath(folder.path);
  const start = 'reason' in base ? folder.path : base.path;
  const whole = `${start}${stem}`;
  if (!path.path.startsWith(whole)) return { reason: 'outside' };
  const originKey = path.path.slice(whole.length);
  return originKey === '' ? { reason: 'loop' } : { originKey };
}

const DOTS = /^(?:\.|%2e){1,2}$/i;

function decodedPath(path: string): { readonly path: string } | { readonly reason: PassedReason } {
  if (path.includes('?')) return { reason: 'query' };
  const segments = path.split('/').slice(1);
  if (segments.some((segment) => DOTS.test(segment))) return { reason: 'dot-segment' };
  if (segments.slice(0, -1).includes('')) return { reason: 'double-slash' };
  const names: string[] = [];
  for (const segment of segments) {
    const decoded = decodeSegment(segment);
    if ('reason' in decoded) return decoded;
    names.push(decoded.name);
  }
  return { path: `/${names.join('/')}` };
}
