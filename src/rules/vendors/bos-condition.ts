import type { VendorSource } from './vendor-source.ts';

/** The keys that a BOS rule takes: `resource` is `<prefix>*<suffix>`. */
export interface BosCondition {
  readonly source: VendorSource;
  readonly prefix: string;
  readonly suffix: string;
}

/**
 * Reads `resource`; absent it stands for every key.
 * @throws FatalError `usage` for more than one `*`.
 */
export function bosCondition(source: VendorSource): BosCondition {
  const resource = source.field('resource');
  if (resource === undefined) return { source, prefix: '', suffix: '' };
  const text = resource.text();
  const [prefix = '', suffix = '', ...more] = text.split('*');
  if (more.length > 0) throw resource.problem('expected at most one *, as in `folder/*.jpg`');
  if (text !== '' && !text.includes('*')) resource.warn('holds no *; it is taken for a prefix');
  return { source, prefix, suffix };
}

/**
 * Refuses rules of which one takes every key of another; some keys in common are only doubtful.
 * @throws FatalError `usage` naming both.
 */
export function refuseInclusion(conditions: readonly BosCondition[]): void {
  for (const [index, one] of conditions.entries()) {
    for (const other of conditions.slice(index + 1)) {
      if (includes(one, other) || includes(other, one)) {
        throw other.source.problem(
          `its keys and those of ${one.source.path} include each other; BOS allows no such rules`,
        );
      }
      if (overlap(one, other)) {
        other.source.warn(`shares keys with ${one.source.path}; the first rule takes them`);
      }
    }
  }
}

function includes(outer: BosCondition, inner: BosCondition): boolean {
  return inner.prefix.startsWith(outer.prefix) && inner.suffix.endsWith(outer.suffix);
}

function overlap(one: BosCondition, other: BosCondition): boolean {
  return (
    (one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix)) &&
    (one.suffix.endsWith(other.suffix) || other.suffix.endsWith(one.suffix))
  );
}
