/** The names of a request's header fields as its signature lists them, `host` among them. */
export interface SignedNames {
  /** In the order of their characters, each once. */
  readonly sorted: readonly string[];
  /** The same, joined by semicolons. */
  readonly list: string;
}

interface KnownNames extends SignedNames {
  readonly given: readonly string[];
}

/** Kinds of requests that are under way at once: more than a run has. */
const KINDS_KEPT = 8;

/**
 * Sorts the names of header fields. Nearly all requests of a run have the same names in the same
 * order, so what was sorted is kept for those that were met last.
 */
export function signedNames(): (given: readonly string[]) => SignedNames {
  const known: KnownNames[] = [];
  return (given) => {
    for (const names of known) if (isSame(names.given, given)) return names;
    const sorted = [...new Set([...given, 'host'])].sort();
    const names = { given: [...given], sorted, list: sorted.join(';') };
    if (known.length === KINDS_KEPT) known.shift();
    known.push(names);
    return names;
  };
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
