import { Failure } from '../model/failure.ts';
import type { PendingFill } from '../model/pending-fills.ts';
import { missOf } from './origin-request.ts';
import { joinFill, type Miss } from './serve-fill.ts';
import type { Serving } from './serving.ts';

/** Fetches of earlier processes that are under way at once. */
const TAKEN_UP_AT_ONCE = 16;

/**
 * Begins the fetch that a client is promised by being sent to the origin; it is written down when
 * this resolves, so that it survives this process.
 * @throws FatalError `state-unusable`
 */
export async function promiseFill(serving: Serving, miss: Miss): Promise<void> {
  const { rule, passed, originRequest } = miss;
  const { query, headers } = passed;
  await serving.pending.record({ key: originRequest.key, rule: rule.id, query, headers });
  begin(serving, miss).catch(serving.onTrouble);
}

/** Takes up what processes that are gone had promised; resolves when all of it is over. */
export async function takeUpPromised(serving: Serving): Promise<void> {
  const left = [...(await serving.pending.takeOver())];
  const worker = async (): Promise<void> => {
    for (let fill = left.shift(); fill !== undefined; fill = left.shift()) {
      await takeUp(serving, fill);
    }
  };
  await Promise.all(Array.from({ length: TAKEN_UP_AT_ONCE }, worker));
}

async function takeUp(
  serving: Serving,
  { key, rule: id, query, headers }: PendingFill,
): Promise<void> {
  const { rules, sources } = serving.inForce();
  const rule = rules.find((one) => one.id === id);
  const source = sources.get(id);
  if (rule === undefined || source === undefined) {
    // Whoever took the rule away takes no fetches by it either.
    await serving.pending.done(key);
    return;
  }
  const request = { key, method: 'GET', host: undefined, headers, query };
  try {
    await begin(serving, missOf(serving, { request }, rule, source));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    await serving.pending.done(key);
  }
}

/** Resolves when the fetch is over; one that was ended with this process stays written down. */
async function begin(serving: Serving, miss: Miss): Promise<void> {
  const { key } = miss.originRequest;
  const { fill, leave } = joinFill(serving, key, miss);
  const end = await fill.over;
  leave();
  if (end.outcome === 'failed' && !(end.error instanceof Failure)) return;
  await serving.pending.done(key);
}
