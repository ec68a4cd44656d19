import { type AskedRange, type ByteRange, partOf } from '../model/byte-range.ts';
import type { Headers } from '../model/ports.ts';
import { askedRange } from './client/asked-range.ts';
import type { Client } from './client/client.ts';
import { evaluateConditions } from './client/evaluate-conditions.ts';
import { contentRange } from './client/content-range.ts';
import { sendError } from './send-error.ts';
import type { Exchange } from './serving.ts';

/** What of an object a client is to get. */
export type Wanted =
  /** The client has it, or does not want it: the answer was sent. */
  | { readonly send: 'nothing' }
  /** Its bytes from the first to the last, or all. */
  | { readonly send: 'body'; readonly part: ByteRange | undefined };

/** What a request's conditions leave of its range. */
export type ConditionsMet =
  { readonly met: false } | { readonly met: true; readonly range: AskedRange | undefined };

/**
 * Holds a request's conditions against an object, and answers it where they don't let it through.
 * @param headers of the object, validators among them
 */
export function meetConditions(exchange: Exchange, headers: Headers, nowMs: number): ConditionsMet {
  const { request, client } = exchange;
  const validators = { etag: headers['etag'], lastModified: headers['last-modified'] };
  const verdict = evaluateConditions(request.headers, validators, nowMs);
  if (verdict === 304) {
    client.head(304, headers);
    client.end();
    return { met: false };
  }
  if (verdict === 412) {
    const message = 'a precondition of the request does not hold for this object';
    sendError(exchange, { status: 412, code: 'PreconditionFailed', message });
    return { met: false };
  }
  const range = verdict === 'go' ? askedRange(request.headers['range']) : undefined;
  return { met: true, range };
}

/**
 * Works out which bytes a client gets of an object, and answers the requests that get none.
 * @param size of the object in bytes; undefined where nobody knows yet: it is then sent whole
 */
export function chooseBytes(
  exchange: Exchange,
  headers: Headers,
  size: number | undefined,
  nowMs: number,
): Wanted {
  const conditions = meetConditions(exchange, headers, nowMs);
  if (!conditions.met) return { send: 'nothing' };
  const part = size === undefined ? undefined : partOf(conditions.range, size);
  if (part === 'none') {
    refuseRange(exchange, size ?? 0);
    return { send: 'nothing' };
  }
  if (exchange.request.method !== 'HEAD') return { send: 'body', part };
  headOf(exchange.client, headers, part, size);
  exchange.client.end();
  return { send: 'nothing' };
}

/** 416: no byte of the object is in the range that was asked for. */
export function refuseRange(exchange: Exchange, size: number): void {
  const headers = { 'content-range': contentRange('none', size), 'accept-ranges': 'bytes' };
  const message = `the object has ${size} bytes, and none of them is in that range`;
  sendError(exchange, { status: 416, code: 'InvalidRange', message, headers });
}

/** Says how an answer of these bytes begins. */
export function headOf(
  client: Client,
  headers: Headers,
  part: ByteRange | undefined,
  size: number | undefined,
): void {
  if (part !== undefined) {
    const length = String(part.last - part.first + 1);
    const range = contentRange(part, size ?? 0);
    client.head(206, { ...headers, 'content-range': range, 'content-length': length });
    return;
  }
  client.head(200, size === undefined ? headers : { ...headers, 'content-length': String(size) });
}
