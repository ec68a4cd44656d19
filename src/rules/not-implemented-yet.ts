import type { Tree } from './yaml-tree.ts';
import { child, items } from './yaml-tree.ts';
import type { Place } from './yaml-tree.ts';

/**
 * Fields that are accepted and typed, but whose behaviour is still to come. One line a field; a
 * rule's fields are looked up in `defaults` and in every rule. A line goes when its field works.
 */
const RULE_FIELDS: readonly (readonly [path: string, note: string])[] = [
  ['origins.healthCheck', 'addresses that fail are found by their breakers'],
];

const FILE_FIELDS: readonly (readonly [path: string, note: string])[] = [
  ['scan', 'give the keys with --keys'],
];

/** A field that is set and does nothing yet. */
export interface IdleField {
  readonly at: Place;
  readonly message: string;
}

/** The fields of a file, as written, that do nothing yet. */
export function notImplementedYet(written: Tree): IdleField[] {
  const ruleLike = [child(written, 'defaults'), ...items(child(written, 'rules'))];
  return [
    ...FILE_FIELDS.flatMap(([path, note]) => idle(written, path, note)),
    ...ruleLike.flatMap((rule) => RULE_FIELDS.flatMap(([path, note]) => idle(rule, path, note))),
  ];
}

function idle(tree: Tree | undefined, path: string, note: string): IdleField[] {
  const steps = path.split('.');
  const parent = child(tree, ...steps.slice(0, -1));
  const entry = parent?.kind === 'map' ? parent.entries.get(steps.at(-1) ?? '') : undefined;
  if (entry === undefined) return [];
  const suffix = note === '' ? '' : ` (${note})`;
  return [{ at: entry.keyAt, message: `not implemented yet${suffix}` }];
}
