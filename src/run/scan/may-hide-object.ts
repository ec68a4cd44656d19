import type { PassedOver, PassedReason } from '../../model/walk.ts';

/** Reasons that say nothing about whether an object is there. */
const MAY_HIDE: ReadonlySet<PassedReason> = new Set<PassedReason>([
  'deeper',
  'elsewhere',
  'query',
  'fragment',
  'encoded-slash',
  'double-slash',
  'dot-segment',
  'bad-escape',
  'not-utf8',
  'too-long',
  'symlink',
  'unmapped',
]);

/** Whether a link that was passed over might lead to an object, so that people want to know. */
export function mayHideObject({ reason, link }: Pick<PassedOver, 'reason' | 'link'>): boolean {
  // Links that sort a table are nothing but a query.
  if (reason === 'query' && link.startsWith('?')) return false;
  return MAY_HIDE.has(reason);
}
