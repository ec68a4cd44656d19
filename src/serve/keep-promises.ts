import { Failure } from '../model/failure.ts';
import type { PendingFill } from '../model/pending-fills.ts';
import { missOf } from './origin-request.ts';
import { joinFill, type Miss } from './serve-fill.ts';
import type { Serving } from './serving.ts';

/** Fetches of earlier processes that are under way at once. */
const TAKEN_UP_AT_ONCE = 16;

/** Promises a client the fetch of what it is sent to the origin for. Throws as `promise`. */
export async function promiseFill(serving: Serving, miss: Miss): Promise<void> {
  const { id, rule, passed, originRequest } = miss;
  const fill = { key: originRequest.key, rule: rule.id, ...passed };
  await serving.promised.promise(id, fill, () => make(serving, miss));
}

/** Takes up what processes that are gone had promised; resolves when all of it is over. */
export async function takeUpPromised(serving: Serving): Promise<void> {
  const { promised } = serving;
  const left = [...(await promised.takeOver())];
  const worker = async (): Promise<void> => {
    for (let fill = left.shift(); fill !== undefined; fill = left.shift()) {
      const taken = fill;
      await promised.makeTakenOver(taken, () => makeTaken(serving, taken));
    }
  };
  await Promise.all(Array.from({ length: TAKEN_UP_AT_ONCE }, worker));
}

/** Whoever took a rule away takes no fetches by it either, nor of keys that it can't ask for. */
async function makeTaken(serving: Serving, fill: PendingFill): Promise<boolean> {
  const { key, rule: id, query, headers } = fill;
  const { rules, sources } = serving.inForce();
  const rule = rules.find((one) => one.id === id);
  const source = sources.get(id);
  if (rule === undefined || source === undefined) return true;
  const request = { key, method: 'GET', host: undefined, headers, query };
  try {
    return await make(serving, missOf(serving, { request }, rule, source));
  } catch (error) {
    if (error instanceof Failure) return true;
    throw error;
  }
}

/** @returns false where the fetch was ended with this process */
async function make(serving: Serving, miss: Miss): Promise<boolean> {
  const { fill, leave } = joinFill(serving, miss.originRequest.key, miss);
  const end = await fill.over;
  leave();
  return end.outcome !== 'failed' || end.error instanceof Failure;
}
