import { targetUrl, targetUrls } from '../../http/target-url.ts';
import { Failure } from '../../model/failure.ts';
import type { WalkPlace } from '../../model/walk.ts';
import { decodeSegment } from './decode-segment.ts';
import type { PageFrame } from './resolve-link.ts';

/** Where a page stands, and what its links' paths mean for keys. */
export interface IndexFrame extends PageFrame {
  /** The page's path below the walked folder, decoded. */
  readonly at: string;
  readonly stem: string;
  /** The page's own path as on the wire. */
  readonly wirePath: string;
}

/** Remembers the site that was asked last: nearly all pages of a walk are of one. */
const takenApart = targetUrls();

/** The frame of a page that answered as `url`. */
export function pageFrame(
  { folderUrl, stem }: { readonly folderUrl: string; readonly stem: string },
  { at }: WalkPlace,
  url: string,
): IndexFrame {
  const target = takenApart(url);
  const wirePath = target?.path ?? '/';
  return {
    site: target?.site ?? '',
    folder: folderSegments(wirePath),
    base: folderSegments(takenApart(folderUrl)?.path ?? '/').length,
    at,
    stem,
    wirePath,
  };
}

/**
 * Redirects may upgrade to https and nothing else: the links of another page are not this page's.
 * @throws Failure `REDIRECT_REFUSED`.
 */
export function checkSamePage(asked: string, answered: string): void {
  // Nearly every page answers as what it was asked as.
  if (asked === answered) return;
  const [one, other] = [targetUrl(asked), targetUrl(answered)];
  if (one === undefined || other === undefined) return;
  const isSameHost = one.site === other.site || one.hostname === other.hostname;
  if (isSameHost && samePath(one.path, other.path)) return;
  throw new Failure(
    'REDIRECT_REFUSED',
    `GET ${one.site}${withoutQuery(one.path)}: leads to ${answered}, which is another page; name that address in the rules, or leave this prefix out`,
  );
}

function samePath(one: string, other: string): boolean {
  const [a, b] = [folderSegments(one), folderSegments(other)];
  return a.length === b.length && a.every((segment, index) => segment === b[index]);
}

/** `/a/b/` is `a`, `b`; a segment that can't be decoded stands for itself. */
function folderSegments(path: string): string[] {
  const segments = withoutQuery(path).split('/').slice(1, -1);
  return segments.map((segment) => {
    const decoded = decodeSegment(segment);
    return 'name' in decoded ? decoded.name : segment;
  });
}

function withoutQuery(path: string): string {
  return path.replace(/\?.*$/s, '');
}
