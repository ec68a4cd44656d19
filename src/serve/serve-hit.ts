import type { StoredAnswer, StoredObject } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Headers } from '../model/ports.ts';
import type { ResponseSettings } from '../model/rule.ts';
import { askedRange } from './client/asked-range.ts';
import type { Client } from './client/client.ts';
import { headersOfHit } from './object-headers.ts';
import { chooseBytes, headOf, meetConditions, refuseRange } from './send-object.ts';
import type { Exchange, Serving } from './serving.ts';

/** A body up to this many bytes goes out in one piece. */
const ONE_PIECE_BYTES = 64 * 1024;
/** How often an object may be replaced between the look at it and its reading. */
const MOST_LOOKS = 5;

/**
 * Answers a read with the object that the bucket has under `key`.
 * @returns false or undefined, with nothing sent, where the bucket has none.
 * @throws Failure of the bucket; where something was sent by then, the answer can't be finished.
 */
export function serveHit(
  serving: Serving,
  exchange: Exchange,
  key: ObjectKey,
  response: ResponseSettings,
): Promise<boolean | undefined> {
  const { request } = exchange;
  const plain = request.method === 'GET' && !isConditional(request.headers);
  return plain
    ? readPlain(serving, exchange, key, response)
    : lookFirst(serving, exchange, key, response);
}

/** Whether there is anything that `evaluateConditions` looks at. */
function isConditional(headers: Headers): boolean {
  return (
    headers['if-match'] !== undefined ||
    headers['if-none-match'] !== undefined ||
    headers['if-modified-since'] !== undefined ||
    headers['if-unmodified-since'] !== undefined ||
    headers['if-range'] !== undefined
  );
}

const WHOLE = { range: undefined };

/** One request to the bucket, whose answer is handed on. */
function readPlain(
  { bucket }: Serving,
  exchange: Exchange,
  key: ObjectKey,
  response: ResponseSettings,
): Promise<boolean | undefined> {
  const { client, request } = exchange;
  const range = askedRange(request.headers['range']);
  const read = (answer: StoredAnswer): Promise<true> => {
    exchange.mark = 'HIT';
    return sendAnswer(exchange, answer, response);
  };
  return bucket.read(key, read, client.gone, range === undefined ? WHOLE : { range });
}

/** Conditions are about what the client was told before, so they are held against that. */
async function lookFirst(
  serving: Serving,
  exchange: Exchange,
  key: ObjectKey,
  response: ResponseSettings,
): Promise<boolean> {
  const { bucket, clock } = serving;
  const { client, request } = exchange;
  for (let looks = 1; ; looks += 1) {
    const object = await bucket.head(key, client.gone);
    if (object === undefined) return false;
    exchange.mark = 'HIT';
    const headers = headersOfHit(object, response, 'HIT');
    if (request.method === 'HEAD') {
      chooseBytes(exchange, headers, object.size, clock.now());
      return true;
    }
    const conditions = meetConditions(exchange, headers, clock.now());
    if (!conditions.met) return true;
    const { range } = conditions;
    const read = async (answer: StoredAnswer): Promise<boolean> => {
      if (!isSame(object, answer.object)) return false;
      return sendAnswer(exchange, answer, response);
    };
    const sent = await bucket.read(key, read, client.gone, { range });
    if (sent === true) return true;
    if (looks >= MOST_LOOKS) {
      const what = `${bucket.name}: ${JSON.stringify(key)} was replaced again and again while it was read`;
      throw new Failure('BUCKET_UNREACHABLE', what);
    }
  }
}

function isSame(seen: StoredObject, read: StoredObject): boolean {
  return seen.etag === read.etag && seen.size === read.size;
}

const SENT = Promise.resolve(true as const);

function sendAnswer(
  exchange: Exchange,
  answer: StoredAnswer,
  response: ResponseSettings,
): Promise<true> {
  const { client } = exchange;
  const { object, part } = answer;
  if (part === 'none') {
    refuseRange(exchange, object.size);
    return SENT;
  }
  const length = part === undefined ? object.size : part.last - part.first + 1;
  const headers = headersOfHit(object, response, 'HIT');
  if (part === undefined) {
    // Nobody else has these headers, so they needn't be copied.
    headers['content-length'] = String(length);
    client.head(200, headers);
  } else headOf(client, headers, part, object.size);
  return length <= ONE_PIECE_BYTES ? sendPiece(client, answer) : sendChunks(client, answer);
}

function sendPiece(client: Client, answer: StoredAnswer): Promise<true> {
  return answer.bytes(ONE_PIECE_BYTES).then((bytes) => {
    client.end(bytes);
    return true;
  });
}

async function sendChunks(client: Client, answer: StoredAnswer): Promise<true> {
  await (answer.lendTo?.(client.take) ?? answer.pipeTo(client.write));
  client.end();
  return true;
}
