import type { PassedReason } from '../../model/walk.ts';
import { decodeSegment } from './decode-segment.ts';

/** Where a page stands. */
export interface PageFrame {
  /** `scheme://host[:port]`, as URLs normalise it. */
  readonly site: string;
  /** Decoded segments of the folder that the page lists: `/a/b/` is `a`, `b`. */
  readonly folder: readonly string[];
  /** How many of them make the walked address. */
  readonly base: number;
}

/** What a link leads to, seen from its page. */
export type LinkTarget =
  | { readonly kind: 'object'; readonly name: string }
  | { readonly kind: 'place'; readonly name: string }
  | { readonly kind: 'passed'; readonly reason: PassedReason };

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const ABSOLUTE = /^https?:\/\/[^/?#\\]*/i;
/** What URLs leave out wherever it stands. */
const IGNORED = /[\t\n\r]/g;
// eslint-disable-next-line no-control-regex -- what a link's ends are stripped of
const EDGES = /^[\u0000-\u0020]+|[\u0000-\u0020]+$/g;
const DOTS = /^(?:\.|%2e){1,2}$/i;

/**
 * Judges a link of an index page. Only what is exactly one level below the page is an object, or,
 * with a `/` at its end, a place. Nothing is normalised away: doubled and encoded slashes and dot
 * segments have reasons of their own.
 */
export function resolveLink(link: string, page: PageFrame): LinkTarget {
  const simple = simpleTarget(link);
  if (simple !== undefined) return simple;
  const text = link.replace(EDGES, '').replace(IGNORED, '');
  if (text === '' || text.startsWith('#')) return passed('loop');
  const path = pathOnSite(text, page.site);
  if (path === undefined) return passed('other-site');
  if (path.includes('?')) return passed('query');
  if (path.includes('#')) return passed('fragment');
  if (path.includes('\\')) return passed('bad-escape');
  return path.startsWith('/') ? fromRoot(path, page) : fromPage(path, page);
}

const SIMPLE = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*\/?$/;

/**
 * Whether a link is a name one level below its page, with a final slash for a folder, in which every
 * character stands for itself.
 */
export function isPlainName(link: string): boolean {
  return SIMPLE.test(link);
}

function simpleTarget(link: string): LinkTarget | undefined {
  if (!isPlainName(link)) return undefined;
  if (!link.endsWith('/')) return { kind: 'object', name: link };
  return { kind: 'place', name: link.slice(0, -1) };
}

function passed(reason: PassedReason): LinkTarget {
  return { kind: 'passed', reason };
}

/** What follows the site, or a relative link as it is; undefined where it leads elsewhere. */
function pathOnSite(text: string, site: string): string | undefined {
  const isNetworkPath = text.startsWith('//');
  if (!isNetworkPath && !SCHEME.test(text)) return text;
  const url = isNetworkPath ? `${site.slice(0, site.indexOf(':') + 1)}${text}` : text;
  const [start] = ABSOLUTE.exec(url) ?? [];
  if (start === undefined || !URL.canParse(start)) return undefined;
  if (new URL(start).origin !== site) return undefined;
  const path = url.slice(start.length);
  return path.startsWith('/') ? path : `/${path}`;
}

function fromPage(path: string, page: PageFrame): LinkTarget {
  const segments = path.split('/');
  let ups = 0;
  let at = 0;
  for (; segments[at] === '.' || segments[at] === '..'; at += 1) {
    if (segments[at] === '..') ups += 1;
  }
  const rest = segments.slice(at);
  if (rest.some((segment) => DOTS.test(segment))) return passed('dot-segment');
  const names = decodeAll(rest);
  if ('reason' in names) return passed(names.reason);
  if (ups === 0) return below(names.decoded);
  const above = page.folder.slice(0, Math.max(0, page.folder.length - ups));
  return ofTarget([...above, ...(names.decoded.length === 0 ? [''] : names.decoded)], page);
}

function fromRoot(path: string, page: PageFrame): LinkTarget {
  const segments = path.slice(1).split('/');
  if (segments.some((segment) => DOTS.test(segment))) return passed('dot-segment');
  const names = decodeAll(segments);
  return 'reason' in names ? passed(names.reason) : ofTarget(names.decoded, page);
}

function decodeAll(
  segments: readonly string[],
): { readonly decoded: readonly string[] } | { readonly reason: PassedReason } {
  const decoded: string[] = [];
  for (const segment of segments) {
    const result = decodeSegment(segment);
    if ('reason' in result) return result;
    decoded.push(result.name);
  }
  return { decoded };
}

/** @param target decoded segments from the site's root on; the last one is '' for a folder. */
function ofTarget(target: readonly string[], { folder, base }: PageFrame): LinkTarget {
  if (target.length > folder.length && startsWith(target, folder)) {
    return below(target.slice(folder.length));
  }
  const isAbove = target.at(-1) === '' && startsWith(folder, target.slice(0, -1));
  if (isAbove) return passed(target.length - 1 >= base ? 'loop' : 'outside');
  return passed(startsWith(target, folder.slice(0, base)) ? 'elsewhere' : 'outside');
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return path.length >= start.length && start.every((segment, index) => path[index] === segment);
}

/** @param rest decoded segments below the page's folder. */
function below(rest: readonly string[]): LinkTarget {
  const [name = '', next] = rest;
  if (rest.length <= 1 && name === '') return passed('loop');
  if (rest.slice(0, -1).includes('')) return passed('double-slash');
  if (rest.length === 1) return { kind: 'object', name };
  return rest.length === 2 && next === '' ? { kind: 'place', name } : passed('deeper');
}
