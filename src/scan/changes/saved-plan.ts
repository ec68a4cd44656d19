import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { SyncPlan } from '../../model/sync-plan.ts';
import { readSavedFields } from '../saved-fields.ts';
import { writeDurably } from '../write-durably.ts';

const VERSION = 1;
const NAME = 'plan.json';

/** @returns undefined where none was saved. @throws SyntaxError where it can't be read. */
export async function loadPlan(directory: string): Promise<SyncPlan | undefined> {
  const fields = await readSavedFields(path.join(directory, NAME), VERSION);
  if (fields === undefined) return undefined;
  const { number } = fields;
  return {
    examine: number('examine'),
    unchanged: number('unchanged'),
    existing: number('existing'),
    gone: number('gone'),
    known: number('known'),
    isWhole: fields.get('isWhole') === true,
    isAsBefore: fields.get('isAsBefore') === true,
    changesBytes: number('changesBytes'),
  };
}

/** Durable when it resolves, in one step. */
export async function savePlan(directory: string, plan: SyncPlan): Promise<void> {
  await writeDurably(path.join(directory, NAME), JSON.stringify({ version: VERSION, ...plan }));
}

export async function forgetPlan(directory: string): Promise<void> {
  await rm(path.join(directory, NAME), { force: true });
}
