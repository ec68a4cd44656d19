import { open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { SyncPlan } from '../../model/sync-plan.ts';

const VERSION = 1;
const NAME = 'plan.json';

/** @returns undefined where none was saved. @throws SyntaxError where it can't be read. */
export async function loadPlan(directory: string): Promise<SyncPlan | undefined> {
  let text: string;
  try {
    text = await readFile(path.join(directory, NAME), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const parsed: unknown = JSON.parse(text);
  const fields = new Map(Object.entries(typeof parsed === 'object' && parsed ? parsed : {}));
  if (fields.get('version') !== VERSION) throw new SyntaxError('the plan is of another version');
  const number = (name: string): number => {
    const value: unknown = fields.get(name);
    if (typeof value !== 'number') throw new SyntaxError(`the plan lacks ${name}`);
    return value;
  };
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
  const file = path.join(directory, NAME);
  const handle = await open(`${file}.new`, 'w');
  try {
    await handle.writeFile(JSON.stringify({ version: VERSION, ...plan }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
  const folder = await open(directory, 'r');
  await folder.sync().finally(() => folder.close());
}

export async function forgetPlan(directory: string): Promise<void> {
  await rm(path.join(directory, NAME), { force: true });
}
