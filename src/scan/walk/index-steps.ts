import { MAX_KEY_BYTES, utf8Length } from '../../model/object-key.ts';
import type { PassedReason, WalkStep } from '../../model/walk.ts';
import type { IndexFrame } from './page-frame.ts';
import type { ListedFacts, PageLink } from './page-link.ts';
import { type LinkTarget, resolveLink } from './resolve-link.ts';
import type { RobotsRules } from './robots.ts';

/**
 * So many names of a page are remembered: icons and names that link the same stand side by side.
 * A name that comes again much later is given twice, which costs a look and loses nothing.
 */
const MOST_NAMES = 65_536;

/** Enough of a link for people to find it. */
const SHOWN_CHARACTERS = 300;

/** Turns the links of one page into steps: one step each. */
export class IndexSteps {
  readonly #frame: IndexFrame & { readonly robots: RobotsRules };
  #names = new Set<string>();
  #found: WalkStep[] = [];
  #links = 0;

  constructor(frame: IndexFrame & { readonly robots: RobotsRules }) {
    this.#frame = frame;
  }

  add(link: PageLink): void {
    this.#links += 1;
    if (link.kind === 'passed') this.#pass(link.reason, link.text);
    else if (link.kind === 'href') {
      this.#target(resolveLink(link.href, this.#frame), link.href, link.facts);
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
    const isPlace = target.kind === 'place';
    const below = isPlace ? `${target.name}/` : target.name;
    const path = `${this.#frame.at}${below}`;
    const reason = this.#refusal(path, below);
    if (reason !== undefined) {
      this.#pass(reason, link);
      return;
    }
    const key = path.startsWith(this.#frame.stem) ? path.slice(this.#frame.stem.length) : '';
    if (isPlace) this.#found.push({ kind: 'place', place: { at: path, prefix: key } });
    else this.#found.push({ kind: 'object', originKey: key, ...facts });
  }

  #refusal(path: string, below: string): PassedReason | undefined {
    const { stem, robots, wirePath } = this.#frame;
    // A folder may lead to the stem; a file does not.
    const isOutside = !path.startsWith(stem) && !(below.endsWith('/') && stem.startsWith(path));
    if (isOutside) return 'outside';
    if (path.length * 3 > MAX_KEY_BYTES && utf8Length(path) > MAX_KEY_BYTES) return 'too-long';
    if (this.#isRepeated(below)) return 'duplicate';
    if (robots.allowsAll || robots.allows(`${wirePath}${wireName(below)}`)) return undefined;
    return 'robots';
  }

  #isRepeated(below: string): boolean {
    if (this.#names.has(below)) return true;
    if (this.#names.size >= MOST_NAMES) this.#names = new Set();
    this.#names.add(below);
    return false;
  }

  #pass(reason: PassedReason, link: string): void {
    this.#found.push({
      kind: 'passed',
      reason,
      link: link.slice(0, SHOWN_CHARACTERS).toWellFormed(),
    });
  }
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
