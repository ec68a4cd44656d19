import type { DeleteTotals } from '../../model/event.ts';
import type { GenerationEntry, GenerationWriter, StoredVersion } from '../../model/generation.ts';
import { Interrupted } from '../../model/failure.ts';
import type { ObjectKey } from '../../model/object-key.ts';
import type { SyncPlan } from '../../model/sync-plan.ts';
import { type Aligned, alignByKey, type SortedStream } from '../../plan/align-by-key.ts';
import { type MaxDelete, refuseDeletes } from '../../plan/max-delete.ts';
import { isAbout, type SyncScope } from '../../plan/sync-scope.ts';
import { deleteGone, type DeletedOutcome, type GoneObjects } from './delete-gone.ts';

/** An object that the run has copied, and what the bucket calls its version. */
export interface CopiedKey {
  readonly key: ObjectKey;
  readonly version: StoredVersion;
}

export interface SyncConclusion {
  readonly plan: SyncPlan;
  /** What the plan has drafted. */
  readonly draft: SortedStream<GenerationEntry>;
  readonly failed: SortedStream<{ readonly key: ObjectKey }>;
  /** Empty where the state keeps no results. */
  readonly copied: SortedStream<CopiedKey>;
  /** Undefined in a dry run. */
  readonly writer: GenerationWriter | undefined;
  /** Of what the sync isn't about nothing is deleted, whatever the draft says. */
  readonly scope: SyncScope;
  /** Undefined where nothing may be deleted. */
  readonly deletes: (GoneObjects & { readonly most: MaxDelete }) | undefined;
  readonly now: () => number;
  /** Aborts when the run is told to stop: what is left is done by the next one. */
  readonly drain: AbortSignal;
}

/** Objects of which the origin is asked, and the bucket, side by side. */
const AT_ONCE = 16;

/**
 * Ends a sync: deletes what the origin has no more, where that was asked for and may be, and writes
 * the generation that the next sync compares with. Done again after a crash it comes to the same.
 * @returns what became of deletes, where they were asked for.
 * @throws FatalError `state-unusable`; Interrupted where the run is told to stop.
 */
export async function concludeSync(conclusion: SyncConclusion): Promise<DeleteTotals | undefined> {
  const { draft, failed, copied, writer, deletes, scope, plan, now, drain } = conclusion;
  const refused = deletes && whyRefused(plan, deletes.most);
  const totals = { planned: plan.gone, kept: 0, failed: 0 };
  for await (const rows of alignByKey(draft, failed, copied)) {
    if (drain.aborted) throw new Interrupted(drain.reason);
    const entries = rows.flatMap(settled);
    const outcomes =
      deletes === undefined || refused !== undefined
        ? new Map<ObjectKey, DeletedOutcome>()
        : await deleteSome(entries, scope, deletes);
    for (const outcome of outcomes.values()) if (outcome !== 'deleted') totals[outcome] += 1;
    await writer?.append(entries.filter(({ key }) => outcomes.get(key) !== 'deleted'));
  }
  await writer?.commit(now());
  if (deletes === undefined) return undefined;
  return refused === undefined ? totals : { ...totals, refused };
}

function whyRefused({ isWhole, gone, known }: SyncPlan, most: MaxDelete): string | undefined {
  if (!isWhole) return 'not everything could be listed, so nothing was deleted';
  return refuseDeletes(gone, known, most);
}

/** What a drafted entry has come to. */
function settled({
  a: entry,
  b: failed,
  c: copied,
}: Aligned<GenerationEntry, { readonly key: ObjectKey }, CopiedKey>): readonly GenerationEntry[] {
  if (entry === undefined) return [];
  if (failed !== undefined) return [{ ...entry, stored: undefined }];
  return [copied === undefined ? entry : { ...entry, stored: copied.version }];
}

async function deleteSome(
  entries: readonly GenerationEntry[],
  scope: SyncScope,
  deletes: GoneObjects,
): Promise<ReadonlyMap<ObjectKey, DeletedOutcome>> {
  const gone = entries.filter((entry) => entry.gone === true && isAbout(scope, entry));
  const outcomes = new Map<ObjectKey, DeletedOutcome>();
  for (let at = 0; at < gone.length; at += AT_ONCE) {
    await Promise.all(
      gone.slice(at, at + AT_ONCE).map(async (entry) => {
        outcomes.set(entry.key, await deleteGone(entry, deletes));
      }),
    );
  }
  return outcomes;
}
