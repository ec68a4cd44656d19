import { MAX_KEY_BYTES, utf8Length } from '../../model/object-key.ts';
import type { PassedReason, WalkStep } from '../../model/walk.ts';
import type { IndexFrame } from './page-frame.ts';
import type { ListedFacts, PageLink } from './page-link.ts';
import { isPlainName, type LinkTarget, resolveLink } from './resolve-link.ts';
import type { RobotsRules } from './robots.ts';
import { SeenNames } from './seen-names.ts';

/** Enough of a link for people to find it. */
const SHOWN_CHARACTERS = 300;

/** Turns the links of one page into steps: one step each. */
export class IndexSteps {
  readonly #frame: IndexFrame & { readonly robots: RobotsRules };
  readonly #files = new SeenNames();
  readonly #folders = new SeenNames();
  #found: WalkStep[] = [];
  #links = 0;

  constructor(frame: IndexFrame & { readonly robots: RobotsRules }) {
    this.#frame = frame;
  }

  add(link: PageLink): void {
    this.#links += 1;
    if (link.kind === 'passed') this.#pass(link.reason, link.text);
    else if (link.kind === 'href') {
      const { href, facts } = link;
      // Nearly all links are a plain name, which has nothing to judge.
      if (isPlainName(href)) this.#found.push(this.#step(href, href, facts));
      else this.#target(resolveLink(href, this.#frame), href, facts);
    } else {
      const { name, isFolder } = link;
      this.#target(named(name, isFolder), name, link.facts);
    }
  }

  /** What was found since it was last asked. */
  take(): { readonly found: readonly WalkStep[]; readonly links: number } {
    const taken = { found: this.#found, links: this.#links };
    this.#found = [];
    this.#links = 0;
    return taken;
  }

  #target(target: LinkTarget, link: string, facts: ListedFacts): void {
    if (target.kind === 'passed') {
      this.#pass(target.reason, link);
      return;
    }
    const below = target.kind === 'place' ? `${target.name}/` : target.name;
    this.#found.push(this.#step(below, link, facts));
  }

  /** @param below the name, with its final slash where it is a folder's */
  #step(
    below: string,
    link: string,
    { size, lastModifiedMs, resolutionMs }: ListedFacts,
  ): WalkStep {
    const { at, stem } = this.#frame;
    const path = `${at}${below}`;
    const reason = this.#refusal(path, below);
    if (reason !== undefined) return passedOver(reason, link);
    const key = path.startsWith(stem) ? path.slice(stem.length) : '';
    if (below.endsWith('/')) return { kind: 'place', place: { at: path, prefix: key } };
    return { kind: 'object', originKey: key, size, lastModifiedMs, resolutionMs };
  }

  #refusal(path: string, below: string): PassedReason | undefined {
    const { stem, robots, wirePath } = this.#frame;
    // A folder may lead to the stem; a file does not.
    const isOutside = !path.startsWith(stem) && !(below.endsWith('/') && stem.startsWith(path));
    if (isOutside) return 'outside';
    if (path.length * 3 > MAX_KEY_BYTES && utf8Length(path) > MAX_KEY_BYTES) return 'too-long';
    const seen = below.endsWith('/') ? this.#folders : this.#files;
    if (seen.isRepeated(below)) return 'duplicate';
    if (robots.allowsAll || robots.allows(`${wirePath}${wireName(below)}`)) return undefined;
    return 'robots';
  }

  #pass(reason: PassedReason, link: string): void {
    this.#found.push(passedOver(reason, link));
  }
}

function passedOver(reason: PassedReason, link: string): WalkStep {
  return { kind: 'passed', reason, link: link.slice(0, SHOWN_CHARACTERS).toWellFormed() };
}

function named(name: string, isFolder: boolean): LinkTarget {
  if (name === '' || name === '.' || name === '..') return { kind: 'passed', reason: 'loop' };
  if (name.includes('/')) return { kind: 'passed', reason: 'encoded-slash' };
  if (name.includes('\0')) return { kind: 'passed', reason: 'bad-escape' };
  return { kind: isFolder ? 'place' : 'object', name };
}

function wireName(below: string): string {
  const isFolder = below.endsWith('/');
  const name = isFolder ? below.slice(0, -1) : below;
  return `${encodeURIComponent(name)}${isFolder ? '/' : ''}`;
}
