/** Where something stands in the file, and how people would name it. */
export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** `rules[0].match`; '' for the root. */
  readonly path: string;
}

export interface TreeEntry {
  readonly keyAt: Place;
  readonly node: Tree;
}

/**
 * A YAML document with every value's place, free of anchors, tags and styles. Merging keeps the
 * places, so a problem in merged content points to the line that a person wrote.
 */
export type Tree =
  | { readonly kind: 'map'; readonly at: Place; readonly entries: ReadonlyMap<string, TreeEntry> }
  | { readonly kind: 'list'; readonly at: Place; readonly items: readonly Tree[] }
  | {
      readonly kind: 'scalar';
      readonly at: Place;
      readonly value: string | number | boolean | null;
    };

/** The path of `key` below `parent`: plain names after a dot, others quoted in brackets. */
export function childPath(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`;
  if (!/^[\w$-]{1,100}$/.test(key)) return `${parent}[${JSON.stringify(key.slice(0, 100))}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

/** The value below `tree` at the given keys and indexes; undefined where there is none. */
export function child(tree: Tree | undefined, ...path: (string | number)[]): Tree | undefined {
  let node = tree;
  for (const step of path) {
    if (node?.kind === 'map') node = node.entries.get(String(step))?.node;
    else if (node?.kind === 'list' && typeof step === 'number') node = node.items[step];
    else return undefined;
  }
  return node;
}

/** The items of a list; none for anything else. */
export function items(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'list' ? tree.items : [];
}

/** The text of a scalar that is text. */
export function textOf(tree: Tree | undefined): string | undefined {
  return tree?.kind === 'scalar' && typeof tree.value === 'string' ? tree.value : undefined;
}

/** A map without one of its fields; anything else as it is. */
export function without(tree: Tree, name: string): Tree {
  if (tree.kind !== 'map') return tree;
  const entries = new Map(tree.entries);
  entries.delete(name);
  return { ...tree, entries };
}

/** The tree as plain data, as a schema takes it. */
export function plain(tree: Tree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return tree.value;
    case 'list':
      return tree.items.map(plain);
    case 'map':
      return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, plain(entry.node)]));
  }
}

/**
 * The place to show for a path of data: the key for maps and lists, the value for scalars. What a
 * rule lacks is shown at the deepest part of the path that stands in the rule itself.
 */
export function locate(root: Tree, path: readonly PropertyKey[]): Place {
  let node = root;
  let place = root.at;
  let own = place;
  for (const [index, property] of path.entries()) {
    const step = stepOf(property);
    const entry: TreeEntry | undefined =
      node.kind === 'map' ? node.entries.get(String(step)) : undefined;
    const next: Tree | undefined = entry?.node ?? child(node, step);
    if (next === undefined) return { ...own, path: pathText(path) };
    node = next;
    place = entry !== undefined && node.kind !== 'scalar' ? entry.keyAt : node.at;
    // What was merged in from elsewhere is not the place to add a missing field.
    if (place.path === pathText(path.slice(0, index + 1))) own = place;
  }
  return place;
}

/** The place of a field's name; where the path has none, that of {@link locate}. */
export function locateName(root: Tree, path: readonly PropertyKey[]): Place {
  const place = locate(root, path);
  const parent = child(root, ...path.slice(0, -1).map(stepOf));
  const entry = parent?.kind === 'map' ? parent.entries.get(String(path.at(-1))) : undefined;
  return entry?.keyAt ?? place;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => childPath(text, stepOf(step)), '');
}

function stepOf(property: PropertyKey): string | number {
  return typeof property === 'number' ? property : String(property);
}
