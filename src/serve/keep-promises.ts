import { Failure, Interrupted } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { PendingFill } from '../model/pending-fills.ts';
import { missOf } from './origin-request.ts';
import type { Made } from './promised-fills.ts';
import { asFailure } from './send-error.ts';
import { joinFill, mayBeStored, type Miss } from './serve-fill.ts';
import type { Serving } from './serving.ts';

/** Promised fetches that are tried at once, beside those whose clients just came. */
const TRIED_AT_ONCE = 16;
/** An origin that is down is not worth a look more often. */
const TRIED_EVERY_MS = 30_000;

/** Promises a client the fetch of what it is sent to the origin for. Throws as `promise`. */
export async function promiseFill(serving: Serving, miss: Miss): Promise<void> {
  const { id, rule, passed, originRequest } = miss;
  const fill = { key: originRequest.key, rule: rule.id, ...passed };
  await serving.promised.promise(id, fill, () => make(serving, miss));
}

/**
 * Keeps what was promised and is still to be made: what processes that are gone left, and what
 * failed for now. Resolves when the proxy is told to stop.
 * @throws FatalError `state-unusable`
 */
export async function keepPromises(serving: Serving): Promise<void> {
  const { promised, steadyClock, held } = serving;
  await promised.takeOver();
  while (!held.drain.aborted) {
    const left = promised.waiting();
    const worker = async (): Promise<void> => {
      for (let fill = left.shift(); fill !== undefined; fill = left.shift()) {
        const taken = fill;
        await promised.tryAgain(taken, () => makeTaken(serving, taken));
      }
    };
    await Promise.all(Array.from({ length: TRIED_AT_ONCE }, worker));
    await steadyClock.sleep(TRIED_EVERY_MS, held.drain).catch(() => undefined);
  }
}

/** Whoever took a rule away takes no fetches by it either, nor of keys that it can't ask for. */
async function makeTaken(serving: Serving, fill: PendingFill): Promise<Made> {
  const { key, rule: id, query, headers } = fill;
  if (serving.held.drain.aborted) return 'left';
  const { rules, sources } = serving.inForce();
  const rule = rules.find((one) => one.id === id);
  const source = sources.get(id);
  if (rule === undefined || source === undefined) return 'over';
  const request = { key, method: 'GET', host: undefined, headers, query };
  try {
    return await make(serving, missOf(serving, { request }, rule, source));
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** Makes one; where another process is at work on the key, its fetch is waited for. */
async function make(serving: Serving, miss: Miss): Promise<Made> {
  const { fills, held } = serving;
  const { key } = miss.originRequest;
  for (;;) {
    if (fills.has(miss.id) || !mayBeStored(miss) || !(await held.isHeld(key))) {
      const { fill, leave } = joinFill(serving, key, miss);
      const end = await fill.over;
      leave();
      if (end.outcome === 'failed') {
        return end.error instanceof Interrupted ? 'left' : asFailure(end.error);
      }
      if (end.outcome !== 'held') return 'over';
    }
    if (!(await held.ended(key))) return 'left';
    if (await isThere(serving, key)) return 'over';
  }
}

/** A bucket that can't be asked now may be able to take the object by the time it is fetched. */
async function isThere({ bucket, held }: Serving, key: ObjectKey): Promise<boolean> {
  try {
    return (await bucket.head(key, held.drain)) !== undefined;
  } catch (error) {
    if (error instanceof Failure || held.drain.aborted) return false;
    throw error;
  }
}
