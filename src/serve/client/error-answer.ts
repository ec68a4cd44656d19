import type { Headers } from '../../model/ports.ts';

/** An error as a client is told of it. */
export interface ToldError {
  readonly status: number;
  /** As S3 names it: `NoSuchKey`, `SlowDown`, … */
  readonly code: string;
  /** For people. */
  readonly message: string;
  /** What was asked for, such as `/` and the key; any characters. */
  readonly resource: string;
  /** Names this request in the log; a token. */
  readonly requestId: string;
  /** How long to stay away, in milliseconds; told with a 503 only. */
  readonly retryAfterMs?: number | undefined;
  /** Further headers, lower-case names; they don't replace the error's own. */
  readonly headers?: Headers | undefined;
}

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty for HEAD. */
  readonly body: Uint8Array;
}

/** Seconds after which a client may ask again where nobody knows better. */
const RETRY_AFTER_S = 5;

/** Seconds: longer than this no client waits, so it should not be told to. */
const MAX_RETRY_AFTER_S = 3600;

/**
 * The answer to a request that failed, in S3's XML, which no cache keeps. The answer to HEAD has the
 * same headers but for Content-Length, and no body.
 * @param method of the request, upper-case
 */
export function errorAnswer(method: string, error: ToldError): ErrorAnswer {
  const { status, requestId } = error;
  const body = new TextEncoder().encode(method === 'HEAD' ? '' : errorXml(error));
  const headers = {
    ...error.headers,
    'content-type': 'application/xml',
    'cache-control': 'no-store',
    'x-amz-request-id': requestId,
    ...(status === 503 ? { 'retry-after': String(retryAfterSeconds(error.retryAfterMs)) } : {}),
    ...(method === 'HEAD' ? {} : { 'content-length': String(body.length) }),
  };
  return { status, headers, body };
}

function errorXml({ code, message, resource, requestId }: ToldError): string {
  const fields = { Code: code, Message: message, Resource: resource, RequestId: requestId };
  const elements = Object.entries(fields).map(
    ([name, text]) => `<${name}>${xmlText(text)}</${name}>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${elements.join('')}</Error>`;
}

/** Characters that XML 1.0 can't hold, not even escaped; halves of surrogate pairs are others. */
// eslint-disable-next-line no-control-regex
const UNSAYABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** What is markup, and what parsers would take for the end of a line. */
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
};

/** Text of an element that parsers give back; what XML or UTF-8 can't say is U+FFFD. */
export function xmlText(text: string): string {
  return text
    .replaceAll(UNSAYABLE, '\ufffd')
    .replaceAll(/[&<>"'\r]/g, (character) => ESCAPES[character] ?? '');
}

function retryAfterSeconds(retryAfterMs: number | undefined): number {
  if (retryAfterMs === undefined || Number.isNaN(retryAfterMs)) return RETRY_AFTER_S;
  return Math.min(MAX_RETRY_AFTER_S, Math.max(1, Math.ceil(retryAfterMs / 1000)));
}
