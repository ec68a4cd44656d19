import type { ByteRange } from '../model/byte-range.ts';
import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { OriginRequest } from '../model/origin.ts';
import type { Rule } from '../model/rule.ts';
import type { Filled, Mark } from '../model/served.ts';
import { isVariant, type PassedOn } from '../rules/is-variant.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import { type Edition, type Fill, type FillEnd, Voided } from './fill.ts';
import type { JoinedFill } from './fills.ts';
import { forbidStoring } from './forbid-storing.ts';
import { headersOfMiss } from './object-headers.ts';
import { askedRange } from './client/asked-range.ts';
import { asFailure } from './send-error.ts';
import { isFarAhead, serveAhead } from './serve-ahead.ts';
import { chooseBytes, headOf } from './send-object.ts';
import type { Exchange, Serving } from './serving.ts';
import { unbounded } from './unbounded.ts';

/** What a fetch of a whole object needs to know beside the proxy's own. */
export interface Miss {
  /** Names the object with what of the request goes along. */
  readonly id: string;
  readonly rule: Rule;
  readonly source: RuleSource;
  readonly passed: PassedOn;
  readonly originRequest: OriginRequest;
}

/** Begins the whole fetch, or joins the one under way. */
export function joinFill(serving: Serving, key: ObjectKey, miss: Miss): JoinedFill {
  const { bucket, spools, fills, held, uploads } = serving;
  const { id, rule, source, passed, originRequest } = miss;
  const work = () => ({
    transfer: {
      entry: { key },
      source: source.origin,
      request: originRequest,
      bucket,
      store: rule.store,
      // A PUT of somebody else meanwhile wins.
      ifAbsent: true,
      stored: undefined,
      memory: unbounded,
      // Nobody else finds what is not stored.
      claims: mayBeStored(miss) ? held.own : undefined,
      uploads,
    },
    spools,
    forbids: (head: Edition['head']) => forbidStoring(rule, key, passed, head),
  });
  const joined = fills.join(id, work, mayBeStored(miss));
  if (!joined.joined) tellEnd(serving, key, miss, joined.fill);
  return joined;
}

/** A fetch of what may not be stored is for its clients alone, and ends when they have left. */
export function mayBeStored({ rule, passed }: Miss): boolean {
  return !isVariant(passed) || rule.store.variants === 'any';
}

function tellEnd(
  { negative, onFilled }: Serving,
  key: ObjectKey,
  { id, rule }: Miss,
  fill: Fill,
): void {
  fill.whenOver((end) => {
    if (end.outcome === 'copied' || end.outcome === 'skipped') negative.forget(id);
    // Whoever is at work on it tells of it.
    if (end.outcome !== 'held') onFilled({ key, rule: rule.id, ...told(end) });
  });
}

function told(
  end: Exclude<FillEnd, { readonly outcome: 'held' }>,
): Pick<Filled, 'outcome' | 'bytes' | 'failure'> {
  switch (end.outcome) {
    case 'copied':
      return { outcome: 'stored', bytes: end.bytes, failure: undefined };
    case 'skipped':
      return { outcome: 'exists', bytes: 0, failure: undefined };
    case 'handedOn':
      return { outcome: 'handedOn', bytes: end.bytes, failure: end.why };
    case 'failed':
      return { outcome: 'failed', bytes: 0, failure: asFailure(end.error) };
  }
}

/**
 * Answers a read out of a whole fetch, from its first byte on.
 * @throws what the fetch failed with; where something was sent by then, the answer can't be finished.
 */
export async function serveFill(serving: Serving, exchange: Exchange, miss: Miss): Promise<void> {
  const { request, client } = exchange;
  const { fill, joined, leave } = joinFill(serving, request.key, miss);
  exchange.mark = joined ? 'SHARED' : 'MISS';
  try {
    for (let after = 0; ;) {
      const edition = await fill.edition(after, client.gone);
      try {
        await sendEdition(serving, exchange, miss, edition, exchange.mark);
        return;
      } catch (error) {
        if (!(error instanceof Voided)) throw error;
        if (client.begun) throw new Failure('ORIGIN_CHANGED', `${request.key}: ${error.message}`);
        after = edition.number;
      } finally {
        edition.release();
      }
    }
  } finally {
    leave();
  }
}

async function sendEdition(
  { clock }: Serving,
  exchange: Exchange,
  miss: Miss,
  { head, spool, size: sizeOf }: Edition,
  mark: Mark,
): Promise<void> {
  const { request, client } = exchange;
  const { rule } = miss;
  const headers = headersOfMiss(request.key, head, rule, mark);
  // Only a whole body tells that it is one.
  if (rule.store.rangeMiss === 'waitFull' && askedRange(request.headers['range']) !== undefined) {
    await spool.reached(Infinity, client.gone);
  }
  const size = sizeOf();
  const wanted = chooseBytes(exchange, headers, size, clock.now());
  if (wanted.send === 'nothing') return;
  const { part } = wanted;
  if (part !== undefined && isFarAhead(part, spool.receivedBytes)) {
    if (await serveAhead(exchange, miss, head, part, headers)) return;
  }
  const { from, to } = span(part);
  // While nothing was sent, another address may still answer.
  await spool.reached(from + 1, client.gone);
  headOf(client, headers, part, size);
  // Taken unconfirmed, it may be cut: the client is told no more than we know.
  const isDoubtful = head.framing === 'close' && rule.store.unknownLength === 'accept';
  if (isDoubtful && size === undefined) client.endsWithConnection();
  await spool.pipeTo(client.write, { from, to }, client.gone);
  client.end();
}

function span(part: ByteRange | undefined): {
  readonly from: number;
  readonly to: number | undefined;
} {
  return part === undefined ? { from: 0, to: undefined } : { from: part.first, to: part.last + 1 };
}
