/** How many objects a sync may delete: a number, or a share of those it has in the bucket. */
export type MaxDelete =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'share'; readonly percent: number };

/** What `--max-delete` holds where it is not given. */
export const DEFAULT_MAX_DELETE: MaxDelete = { kind: 'share', percent: 10 };

/**
 * Why none may be deleted, in words for people; undefined where all may.
 * @param planned objects to delete
 * @param known objects that the bucket has from earlier generations, those to delete included
 */
export function refuseDeletes(planned: number, known: number, most: MaxDelete): string | undefined {
  const allowed = most.kind === 'count' ? most.count : Math.floor((known * most.percent) / 100);
  if (planned <= allowed) return undefined;
  const limit =
    most.kind === 'count'
      ? `--max-delete allows ${allowed}`
      : `--max-delete allows ${most.percent}%, which is ${allowed} of ${known}`;
  return `${planned} objects are gone from the origin, ${limit}: none was deleted; look at them with --dry-run, then give --max-delete ${planned}`;
}
