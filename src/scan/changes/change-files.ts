import { rm } from 'node:fs/promises';
import path from 'node:path';
import { FatalError } from '../../model/failure.ts';
import type { GenerationWriter } from '../../model/generation.ts';
import type { SyncPlan, SyncPlanWriter } from '../../model/sync-plan.ts';
import { AppendFile } from '../journal/append-file.ts';
import { forgetPlan, loadPlan, savePlan } from './saved-plan.ts';

/** What a sync keeps in its job's directory while it works. */
export interface ChangeFiles {
  /** The list of keys to examine, JSON Lines; it exists. */
  readonly changes: string;
  /** The plan that an interrupted run goes on with; undefined where it is still to be made. */
  readonly plan: SyncPlan | undefined;
  /** Begins a plan. @param draft takes what the next generation will hold */
  begin(draft: GenerationWriter): Promise<SyncPlanWriter>;
}

/**
 * A sync's plan, in files of its job's directory:
 *
 *     changes.jsonl   the keys to examine, in order
 *     plan.json       the plan's counts; both are whole once it exists
 *
 * @param fresh forgets what is there
 * @throws FatalError `state-unusable`.
 */
export async function openChangeFiles(directory: string, fresh: boolean): Promise<ChangeFiles> {
  const changes = path.join(directory, 'changes.jsonl');
  return unlessUnusable(directory, async () => {
    if (fresh) await forgetPlan(directory);
    const plan = await loadPlan(directory);
    if (plan === undefined) await rm(changes, { force: true });
    const file = await AppendFile.open(changes, plan?.changesBytes ?? 0);
    if (file === undefined) throw new SyntaxError('changes.jsonl is cut');
    await file.close();
    return {
      changes,
      plan,
      begin: (draft) => unlessUnusable(directory, () => beginPlan(directory, changes, draft)),
    };
  });
}

async function beginPlan(
  directory: string,
  changes: string,
  draft: GenerationWriter,
): Promise<SyncPlanWriter> {
  const file = await AppendFile.open(changes, 0);
  if (file === undefined) throw new SyntaxError('changes.jsonl is cut');
  return {
    change: (keys) =>
      keys.length === 0
        ? undefined
        : file.append(keys.map((key) => `{"key":${JSON.stringify(key)}}\n`).join('')),
    draft: (entries) => draft.append(entries),
    save: (counts, atMs) =>
      unlessUnusable(directory, async () => {
        const plan = { ...counts, changesBytes: file.endBytes };
        await file.sync();
        await draft.commit(atMs);
        await savePlan(directory, plan);
        return plan;
      }),
    close: async () => {
      await draft.abort();
      await file.close().catch(() => undefined);
    },
  };
}

async function unlessUnusable<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SyntaxError) {
      const advice = 'run with --new-job, which sets it aside and starts afresh';
      const line = `the sync in ${directory} can't be gone on with (${error.message}): ${advice}`;
      throw new FatalError('state-unusable', line, error);
    }
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    const line = `the sync in ${directory} can't be written (${error.message}): make room or make it writable, then run again`;
    throw new FatalError('state-unusable', line, error);
  }
}
