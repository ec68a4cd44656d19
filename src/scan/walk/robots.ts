/** What a robots.txt says about one program. */
export interface RobotsRules {
  /** Whether a path, with its query, may be asked for; both percent-encoded as on the wire. */
  allows(path: string): boolean;
  /** Nothing is forbidden: paths need not be made to be asked about. */
  readonly allowsAll: boolean;
}

interface PathRule {
  readonly allow: boolean;
  /** The text between stars. */
  readonly parts: readonly string[];
  /** Nothing may follow the last part. */
  readonly isAnchored: boolean;
  /** Octets of the rule's path: the longest one that fits decides. */
  readonly length: number;
}

/** Nothing is forbidden. */
export const NO_ROBOTS: RobotsRules = { allows: () => true, allowsAll: true };

/**
 * Reads a robots.txt as RFC 9309 has it: the groups that name the program together, else those for
 * `*`; of the rules that fit a path the longest decides, and Allow where two are equally long. `*`
 * stands for anything, `$` for the path's end. Lines that are none of these are passed over.
 * @param program the product token: the name at the beginning of the User-Agent
 */
export function parseRobots(text: string, program: string): RobotsRules {
  const groups = new Groups(program.toLowerCase());
  for (const line of text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)) {
    const [, field = '', value = ''] = LINE.exec(line) ?? [];
    groups.add(field.toLowerCase(), value.trim());
  }
  const { rules } = groups;
  if (!rules.some(({ allow }) => !allow)) return NO_ROBOTS;
  return {
    allowsAll: false,
    allows: (path) => {
      const asked = comparable(path);
      let best: PathRule | undefined;
      for (const rule of rules) {
        if (!fits(rule, asked)) continue;
        const isBetter =
          best === undefined ||
          rule.length > best.length ||
          (rule.length === best.length && rule.allow);
        if (isBetter) best = rule;
      }
      return best?.allow ?? true;
    },
  };
}

const LINE = /^[ \t]*([a-z-]+)[ \t]*:[ \t]*([^#]*)/i;

/** The groups that concern one program, read line by line. */
class Groups {
  readonly #program: string;
  #own: PathRule[] | undefined;
  #others: PathRule[] | undefined;
  #concerned: readonly PathRule[][] = [];
  #inRules = true;

  constructor(program: string) {
    this.#program = program;
  }

  /** Those that name the program, else those for all. */
  get rules(): readonly PathRule[] {
    return this.#own ?? this.#others ?? [];
  }

  add(field: string, value: string): void {
    if (field === 'user-agent') this.#agent(value.toLowerCase());
    else if (field === 'allow' || field === 'disallow') this.#rule(field === 'allow', value);
  }

  #agent(agent: string): void {
    if (this.#inRules) this.#concerned = [];
    this.#inRules = false;
    const concerned = [...this.#concerned];
    if (isNamed(agent, this.#program)) concerned.push((this.#own ??= []));
    if (agent === '*') concerned.push((this.#others ??= []));
    this.#concerned = concerned;
  }

  #rule(allow: boolean, path: string): void {
    this.#inRules = true;
    const rule = pathRule(allow, path);
    if (rule === undefined) return;
    for (const rules of new Set(this.#concerned)) rules.push(rule);
  }
}

/** A group may name a product with its version: `bucketfill/1.0`. */
function isNamed(agent: string, program: string): boolean {
  return /^[a-z_-]+/.exec(agent)?.[0] === program;
}

/** An empty path forbids, and allows, nothing. */
function pathRule(allow: boolean, path: string): PathRule | undefined {
  if (path === '') return undefined;
  const isAnchored = path.endsWith('$');
  const literal = comparable(isAnchored ? path.slice(0, -1) : path);
  return { allow, parts: literal.split('*'), isAnchored, length: literal.length };
}

/** Finds each part as early as it can: nothing is gained by a later place, so nothing goes back. */
function fits({ parts, isAnchored }: PathRule, path: string): boolean {
  const [first = '', ...others] = parts;
  if (!path.startsWith(first)) return false;
  const last = isAnchored ? others.pop() : undefined;
  let at = first.length;
  for (const part of others) {
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  if (!isAnchored) return true;
  return last === undefined
    ? at === path.length
    : path.length - last.length >= at && path.endsWith(last);
}

const UNRESERVED = /[A-Za-z0-9._~-]/;

/** Paths and rules meet percent-encoded alike: unreserved characters plain, all others upper-case. */
function comparable(path: string): string {
  return path
    .replace(/[^\u0021-\u007e]/gu, (character) => encodeURIComponent(character.toWellFormed()))
    .replace(/%([0-9a-f]{2})/gi, (whole, digits: string) => {
      const character = String.fromCharCode(parseInt(digits, 16));
      return UNRESERVED.test(character) ? character : whole.toUpperCase();
    });
}
