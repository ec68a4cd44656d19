import type { Tree, TreeEntry } from './yaml-tree.ts';
import { child } from './yaml-tree.ts';

/**
 * The document with `defaults` merged under every rule: maps merge, anything else replaces. The
 * `defaults` field itself stays, so that it is validated even where there is no rule.
 */
export function mergeDefaults(root: Tree): Tree {
  const defaults = child(root, 'defaults');
  const rules = root.kind === 'map' ? root.entries.get('rules') : undefined;
  if (root.kind !== 'map' || defaults?.kind !== 'map' || rules?.node.kind !== 'list') return root;
  const merged: Tree = {
    ...rules.node,
    items: rules.node.items.map((rule) =>
      rule.kind === 'map' ? mergeUnder(defaults, rule) : rule,
    ),
  };
  const entries = new Map(root.entries).set('rules', { ...rules, node: merged });
  return { ...root, entries };
}

function mergeUnder(lower: Tree, upper: Tree): Tree {
  if (lower.kind !== 'map' || upper.kind !== 'map') return upper;
  const entries = new Map<string, TreeEntry>(lower.entries);
  for (const [name, entry] of upper.entries) {
    const below = lower.entries.get(name);
    entries.set(
      name,
      below === undefined ? entry : { ...entry, node: mergeUnder(below.node, entry.node) },
    );
  }
  return { ...upper, entries };
}
