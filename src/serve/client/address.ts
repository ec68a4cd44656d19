import { Failure } from '../../model/failure.ts';
import { type ObjectKey, objectKey } from '../../model/object-key.ts';
import type { Headers } from '../../model/ports.ts';
import type { ClientRequest } from '../../rules/client-request.ts';
import { joinHeaders } from './join-headers.ts';
import { ALLOWED_METHODS, corsAsk } from './preflight.ts';
import type { CorsAsk } from './preflight.ts';
import { readTarget } from './read-target.ts';
import type { Target } from './read-target.ts';
import { subResource } from './sub-resource.ts';

/** A request as its parser gives it; bytes above ASCII stand as Latin-1 characters. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn, repeated ones as often as they came. */
  readonly rawHeaders: readonly string[];
}

/** A request that is not served, whatever bucket and rules say. */
export interface Refusal {
  readonly operation: 'refuse';
  readonly status: number;
  /** The code of S3's XML error body. */
  readonly code: string;
  readonly message: string;
  readonly headers?: Headers | undefined;
}

interface Read {
  readonly operation: 'read';
  readonly request: ClientRequest;
}

/** What a client wants. */
export type Address =
  | Read
  | {
      readonly operation: 'preflight';
      /** What is to be asked for, with the method meant; undefined where that is the server (`*`). */
      readonly request: ClientRequest | undefined;
      /** What a page of another site wants to do; undefined for an OPTIONS that is no preflight. */
      readonly ask: CorsAsk | undefined;
    }
  | Refusal;

const METHODS: ReadonlySet<string> = new Set(ALLOWED_METHODS.split(', '));

/** Bytes. A longest key takes 3,073 escaped, a signature with its token about as much again. */
const MAX_TARGET_BYTES = 8192;

/** A host name or an address in brackets, and a port; no user name (RFC 9110, 7.2). */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+;=-]+)(?::\d{0,5})?$/;

/**
 * Reads where a request goes. The key is the path behind its first slash, percent-decoded once:
 * `//a` is the key `/a`, `%2F` a slash, `+` a plus; no dot, no empty segment is resolved. The host is
 * the target's in the absolute form, else the Host header's, and serves to choose a rule, nothing
 * else. The query goes along as it came.
 */
export function readAddress({ method, target, rawHeaders }: RawRequest): Address {
  const joined = joinHeaders(rawHeaders);
  if ('repeated' in joined) return refusal('InvalidRequest', `${joined.repeated} is given twice`);
  if (!METHODS.has(method)) return notAllowed(method);
  const parts = readTarget(target);
  if (parts === undefined) return refusal('InvalidURI', 'the request target is not a URI');
  const headers = withHost(joined.headers, parts.authority);
  if (headers === undefined) return refusal('InvalidRequest', 'the host is not a host name');
  if (method !== 'OPTIONS') return readRequest(method, parts, headers);
  const ask = corsAsk(headers);
  if (parts.path === '*') return { operation: 'preflight', request: undefined, ask };
  const meant = readRequest(ask?.method ?? method, parts, headers);
  return meant.operation === 'read'
    ? { operation: 'preflight', request: meant.request, ask }
    : meant;
}

function readRequest(method: string, { path, query }: Target, headers: Headers): Read | Refusal {
  const key = readKey(path, query);
  if (typeof key !== 'string') return key;
  const bytes = path.length + query.length;
  if (bytes > MAX_TARGET_BYTES) {
    const message = `path and query have ${bytes} bytes, at most ${MAX_TARGET_BYTES} are read`;
    return refusal('InvalidURI', message);
  }
  const host = headers['host'] === '' ? undefined : headers['host'];
  return { operation: 'read', request: { key, method, host, headers, query } };
}

function readKey(path: string, query: string): ObjectKey | Refusal {
  const text = path.startsWith('/') ? decoded(path.slice(1)) : undefined;
  if (text === undefined) {
    return refusal('InvalidURI', 'the path holds a broken percent escape, or is not UTF-8');
  }
  const about = subResource(query);
  if (text === '' || about !== undefined) {
    const what = about === undefined ? 'a bucket, only of objects' : `the sub-resource ${about}`;
    return { ...refusal('NotImplemented', `this server can't tell of ${what}`), status: 501 };
  }
  try {
    return objectKey(text);
  } catch (error) {
    if (error instanceof Failure) return refusal('KeyTooLongError', error.message);
    throw error;
  }
}

/** Undefined where an escape is broken, or the bytes are not strictly UTF-8. */
function decoded(path: string): string | undefined {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** The headers with the host that counts (RFC 9112, 3.2.2); undefined where it can be none. */
function withHost(headers: Headers, authority: string | undefined): Headers | undefined {
  const host = authority ?? headers['host'];
  const isHost = host === undefined || HOST.test(host) || (host === '' && authority === undefined);
  if (!isHost) return undefined;
  return authority === undefined ? headers : { ...headers, host: authority };
}

function notAllowed(method: string): Refusal {
  return {
    operation: 'refuse',
    status: 405,
    code: 'MethodNotAllowed',
    message: `the method ${method} is not allowed; objects can be read, by GET and HEAD`,
    headers: { allow: ALLOWED_METHODS },
  };
}

function refusal(code: string, message: string): Refusal {
  return { operation: 'refuse', status: 400, code, message };
}
