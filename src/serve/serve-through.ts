import type { AskedRange, ByteRange } from '../model/byte-range.ts';
import { Failure } from '../model/failure.ts';
import type { OriginAnswer, OriginHead } from '../model/origin.ts';
import type { Headers } from '../model/ports.ts';
import type { Rule } from '../model/rule.ts';
import type { Mark } from '../model/served.ts';
import { declaredDigests } from '../plan/declared-digests.ts';
import { CommitGate } from '../transfer/commit-gate.ts';
import { askedRange } from './client/asked-range.ts';
import { isOfRange } from './client/content-range.ts';
import { headersOfMiss } from './object-headers.ts';
import { BrokenOff, sendError } from './send-error.ts';
import { chooseBytes, headOf, meetConditions } from './send-object.ts';
import type { Miss } from './serve-fill.ts';
import type { Exchange, Serving } from './serving.ts';

/**
 * Answers a read straight from the origin; nothing is stored, and nobody else gets it. A range goes
 * along. HEAD is asked as HEAD.
 * @throws as the origin's `read`; where something was sent by then, the answer can't be finished.
 */
export async function serveThrough(
  serving: Serving,
  exchange: Exchange,
  { rule, source, originRequest }: Miss,
  mark: Mark,
): Promise<void> {
  const { request, client } = exchange;
  exchange.mark = mark;
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  const asked = method === 'GET' ? plainRange(request.headers) : undefined;
  await source.origin.read(
    { ...originRequest, method, range: asked && rangeText(asked) },
    async (answer) => {
      if (asked !== undefined) assertAsked(asked, answer.head);
      const headers = headersOfMiss(request.key, answer.head, rule, mark);
      try {
        await sendThrough(serving, exchange, rule, answer, headers);
      } catch (error) {
        // No other address, and no second try, may add to what the client has.
        if (client.begun) throw new BrokenOff('the body broke off', { cause: error });
        throw error;
      }
    },
    client.gone,
  );
}

/**
 * The one range that is asked for. Whether it may go along depends on the version, where If-Range is
 * there: then the whole comes.
 */
function plainRange(headers: Headers): AskedRange | undefined {
  return headers['if-range'] === undefined ? askedRange(headers['range']) : undefined;
}

function rangeText(asked: AskedRange): string {
  return 'suffix' in asked ? `bytes=-${asked.suffix}` : `bytes=${asked.first}-${asked.last ?? ''}`;
}

/** Bytes of another range are as wrong for the client as bytes of another object. */
function assertAsked(asked: AskedRange, { status, headers, origin }: OriginHead): void {
  const given = headers['content-range'];
  if (status !== 206 || isOfRange(asked, given)) return;
  const got = given === undefined ? 'no Content-Range' : JSON.stringify(given);
  throw new Failure('ORIGIN_CHANGED', `${origin}: asked for ${rangeText(asked)}, got ${got}`, {
    status,
  });
}

async function sendThrough(
  { clock }: Serving,
  exchange: Exchange,
  rule: Rule,
  answer: OriginAnswer,
  headers: Headers,
): Promise<void> {
  const { client } = exchange;
  const { head } = answer;
  if (head.status === 206 || head.status === 416) {
    await sendPart(exchange, answer, headers, clock.now());
    return;
  }
  const wanted = chooseBytes(exchange, headers, head.length, clock.now());
  if (wanted.send === 'nothing') return;
  headOf(client, headers, wanted.part, head.length);
  // An origin that broke off would look the same: the client is told no more than we know.
  if (head.framing === 'close') client.endsWithConnection();
  await sendWhole(exchange, rule, answer, wanted.part);
}

/**
 * Sends a whole body, or a part of it. Where its head declares a digest, what the client gets is
 * behind by the chunk that came last, which it gets when the digests agree.
 */
async function sendWhole(
  { client, request }: Exchange,
  { store }: Rule,
  answer: OriginAnswer,
  part: ByteRange | undefined,
): Promise<void> {
  const { head } = answer;
  const gate = new CommitGate({ key: request.key }, head, { ...store, ...UNSTORED });
  const isDigested = head.md5 !== undefined || declaredDigests(head.headers).length > 0;
  const { first, last } = part ?? { first: 0, last: Infinity };
  let at = 0;
  let held: Uint8Array = new Uint8Array(0);
  await answer.pipeTo((chunk) => {
    gate.update(chunk);
    const from = Math.max(0, first - at);
    const to = Math.min(chunk.length, last + 1 - at);
    at += chunk.length;
    if (from >= to) return undefined;
    if (!isDigested) return client.write(chunk.subarray(from, to));
    const before = held;
    // A copy: the memory of a chunk is used again.
    held = Uint8Array.from(chunk.subarray(from, to));
    return before.length > 0 ? client.write(before) : undefined;
  });
  gate.pass();
  client.end(held);
}

/** What is for storing only is no reason to keep a body from its client. */
const UNSTORED = {
  requireLength: false,
  unknownLength: 'accept',
  private: 'store',
  reject: { empty: false, htmlForMedia: false, maxSizeBytes: Infinity },
} as const;

/** A part as the origin gave it, of which it has said which it is. */
async function sendPart(
  exchange: Exchange,
  answer: OriginAnswer,
  headers: Headers,
  nowMs: number,
): Promise<void> {
  const { client } = exchange;
  const { head } = answer;
  if (head.status === 416) {
    const message = 'no byte of the object is in that range';
    sendError(exchange, { status: 416, code: 'InvalidRange', message, headers: rangeOf(head) });
    return;
  }
  if (!meetConditions(exchange, headers, nowMs).met) return;
  const length = head.length === undefined ? {} : { 'content-length': String(head.length) };
  client.head(206, { ...headers, ...rangeOf(head), ...length });
  await answer.pipeTo(client.write);
  client.end();
}

function rangeOf({ headers }: OriginHead): Headers {
  const range = headers['content-range'];
  return range === undefined ? {} : { 'content-range': range };
}
