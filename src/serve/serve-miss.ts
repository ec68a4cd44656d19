import { Failure } from '../model/failure.ts';
import { KeyHeld } from '../transfer/transfer-claim.ts';
import { askedRange } from './client/asked-range.ts';
import { mayBeStored, type Miss, serveFill } from './serve-fill.ts';
import { serveHit } from './serve-hit.ts';
import { serveThrough } from './serve-through.ts';
import { LargerThanSpool } from './spool/spool-full.ts';
import type { Exchange, Serving } from './serving.ts';

/**
 * So long a client waits for what another process fetches. Clients and balancers commonly give a
 * first byte 60 s, of which as much is left for the origin.
 */
const PATIENCE_MS = 30_000;

/**
 * Answers a read by the whole fetch of its object. Where another process is at work on that one, the
 * client waits for it and is answered from the bucket; who asks for less than the whole, or has
 * waited long enough, is answered from the origin, and nothing is stored.
 * @throws as `serveFill` and `serveThrough`
 */
export async function serveMiss(serving: Serving, exchange: Exchange, miss: Miss): Promise<void> {
  if (await isFilled(serving, exchange, miss)) return;
  const over = new AbortController();
  const patience = patienceOf(serving, exchange, over.signal);
  try {
    do {
      if (!(await isWorthWaiting(serving, exchange, miss, patience))) {
        await serveThrough(serving, exchange, miss, 'PROXY');
        return;
      }
      if (await serveHit(serving, exchange, miss.originRequest.key, miss.rule.response)) return;
    } while (!(await isFilled(serving, exchange, miss)));
  } finally {
    over.abort(new Error('it was answered'));
  }
}

/**
 * Answers by the whole fetch, or past it where its body has no room on its way.
 * @returns false, with nothing sent, where another process is at work on the key
 */
async function isFilled(serving: Serving, exchange: Exchange, miss: Miss): Promise<boolean> {
  const { fills, held } = serving;
  const { key } = miss.originRequest;
  const joins = fills.has(miss.id) || !mayBeStored(miss);
  const isHeld = joins ? false : held.isHeld(key);
  if (typeof isHeld === 'boolean' ? isHeld : await isHeld) return false;
  try {
    await serveFill(serving, exchange, miss);
    return true;
  } catch (error) {
    if (error instanceof LargerThanSpool && !exchange.client.begun) {
      await serveThrough(serving, exchange, miss, 'MISS');
      return true;
    }
    if (!(error instanceof KeyHeld)) throw error;
    // An earlier body was small, and broke off.
    if (exchange.client.begun) throw new Failure('ORIGIN_CHANGED', `${key}: ${error.message}`);
    exchange.mark = undefined;
    return false;
  }
}

/** @returns whether the key is free, within the client's patience. */
async function isWorthWaiting(
  { held }: Serving,
  { request, client }: Exchange,
  { rule, originRequest }: Miss,
  patience: AbortSignal,
): Promise<boolean> {
  const { headers, method } = request;
  // Whether the range counts depends on the version: then it may be the whole after all.
  const isPart = askedRange(headers['range']) !== undefined && headers['if-range'] === undefined;
  if (method === 'HEAD' || (isPart && rule.store.rangeMiss !== 'waitFull')) return false;
  const isFree = await held.ended(originRequest.key, patience);
  client.gone.throwIfAborted();
  return isFree;
}

/** Ends when the client has waited long enough, or left. */
function patienceOf(
  { steadyClock }: Serving,
  { client }: Exchange,
  over: AbortSignal,
): AbortSignal {
  const end = new AbortController();
  steadyClock.sleep(PATIENCE_MS, over).then(
    () => {
      end.abort(new Error('it takes too long'));
    },
    () => undefined,
  );
  return AbortSignal.any([client.gone, end.signal]);
}
