import { setMaxListeners } from 'node:events';

import { AbortWatch } from '../model/abort-watch.ts';
import { Failure } from '../model/failure.ts';
import type { Body, BodySink, Headers } from '../model/ports.ts';
import type { Timeouts } from '../model/rule.ts';
import { systemResolve, type Resolve } from './checked-lookup.ts';
import { chooseProxy, type ProxySettings } from './choose-proxy.ts';
import { Connection, MAX_RESPONSE_HEADER_BYTES } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import { dialler, isTunnelled, type DialIdentity } from './dial.ts';
import { RequestFields } from './request-fields.ts';
import type { ResponseHead } from './response-head.ts';
import { ResponseReceiver } from './response-receiver.ts';
import { shownUrl, type TargetUrl } from './target-url.ts';

export interface HttpClientSettings {
  /** Connections to one site at once. */
  readonly connections: number;
  readonly timeouts: Timeouts;
  readonly allowPrivate: boolean;
  readonly proxies: ProxySettings;
  /** User-Agent of requests that name none: `bucketfill/<version>`. */
  readonly userAgent: string;
  /** Connections without TLS lend what they read; see `LentReads`. Absent: false. */
  readonly lendsReads?: boolean | undefined;
  /** Name resolution; absent: the system's. */
  readonly resolve?: Resolve | undefined;
}

export interface HttpRequest {
  readonly method: string;
  readonly target: TargetUrl;
  /**
   * Lower-case names. Host is `hostHeader`; fields about the connection are dropped, and
   * Accept-Encoding is always `identity`.
   */
  readonly headers: Headers;
  /** Sent as Host instead of the target's authority. */
  readonly hostHeader?: string | undefined;
  readonly body?: Uint8Array | undefined;
  readonly identity: DialIdentity;
  /**
   * Keeps the connection after an answer to HEAD. Some web servers wrongly send a body there, so
   * without this the connection is closed.
   */
  readonly keepAfterHead?: boolean | undefined;
}

/** An answer whose body is raw: as it came, Content-Encoding untouched. */
export interface HttpResponse extends ResponseHead, Body {}

export type ResponseReader<T> = (response: HttpResponse) => Promise<T>;

/** HTTP/1.1 over pools of kept connections, one pool a site and identity. */
export interface HttpClient {
  /**
   * Sends a request and gives the answer, whatever its status, to `reader`, which holds the
   * connection while it runs. What it leaves of the body is dropped. A GET or HEAD on a kept
   * connection that turns out to be dead is sent once more, on a new one.
   * @throws Failure `ORIGIN_UNREACHABLE`, `ORIGIN_TIMEOUT`, `ADDRESS_REFUSED`, `LENGTH_MISMATCH`
   * (also from the body), and the signal's reason when it aborts.
   */
  exchange<T>(request: HttpRequest, reader: ResponseReader<T>, signal: AbortSignal): Promise<T>;
  /** Closes every connection; exchanges under way fail. */
  close(): Promise<void>;
}

/** A pool and how its requests are written. */
interface Route {
  readonly pool: ConnectionPool;
  /** Set where requests go to the proxy itself, with the whole URL in the request line. */
  readonly proxy: TargetUrl | undefined;
}

/** Sites whose pools are kept, with their TLS sessions, after their last connection has gone. */
const KEPT_SITES = 64;

/** What the exchanges of a client have in common. */
interface Means {
  readonly routeFor: (request: HttpRequest) => Route;
  readonly timeouts: Timeouts;
  readonly fields: RequestFields;
  readonly aborts: AbortWatch;
}

/** Makes the client. It opens nothing until the first exchange. */
export function httpClient(settings: HttpClientSettings): HttpClient {
  const routes = new Map<DialIdentity, Map<string, Route>>();
  const routeFor = ({ target, identity }: HttpRequest): Route => {
    const known = routes.get(identity)?.get(target.site);
    if (known !== undefined) return known;
    const ofIdentity = routes.get(identity) ?? new Map<string, Route>();
    const route = openRoute(settings, target, identity, () => {
      if (ofIdentity.size > KEPT_SITES) ofIdentity.delete(target.site);
    });
    routes.set(identity, ofIdentity.set(target.site, route));
    return route;
  };

  const means: Means = {
    routeFor,
    timeouts: settings.timeouts,
    fields: new RequestFields(settings.userAgent),
    // One signal stops a whole run: as many listeners as wait for a connection are no leak.
    aborts: new AbortWatch((signal) => {
      setMaxListeners(0, signal);
    }),
  };

  return {
    exchange: (request, reader, signal) => runExchange(means, request, reader, signal),
    close: () => {
      for (const ofIdentity of routes.values()) {
        for (const { pool } of ofIdentity.values()) pool.close();
      }
      routes.clear();
      return Promise.resolve();
    },
  };
}

function openRoute(
  settings: HttpClientSettings,
  target: TargetUrl,
  identity: DialIdentity,
  onEmpty: () => void,
): Route {
  const choice = chooseProxy(target, settings.proxies);
  if ('invalid' in choice) {
    const line = `${target.site}: the variable ${choice.invalid} holds no proxy URL`;
    throw new Failure('ORIGIN_UNREACHABLE', line);
  }
  const proxy = 'proxy' in choice ? choice.proxy : undefined;
  const dial = dialler({
    target,
    identity,
    proxy,
    allowPrivate: settings.allowPrivate,
    connectTimeoutMs: settings.timeouts.connectMs,
    resolve: settings.resolve ?? systemResolve,
    lendsReads: settings.lendsReads === true,
  });
  return {
    pool: new ConnectionPool(settings.connections, dial, onEmpty),
    proxy: isTunnelled({ target, identity }) ? undefined : proxy,
  };
}

async function runExchange<T>(
  means: Means,
  request: HttpRequest,
  reader: ResponseReader<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const { pool, proxy } = means.routeFor(request);
  const what = `${request.method} ${shownUrl(request.target)}`;
  const options = dispatchOptions(means, what, proxy, request);
  const taken = pool.take(signal);
  // Most exchanges find a connection; they needn't wait for anything.
  let connection = taken instanceof Connection ? taken : await taken;
  let receiver = send(means, what, options, connection, signal);
  try {
    let head: ResponseHead;
    try {
      head = await receiver.head;
    } catch (error) {
      if (!isStale(request.method, connection, receiver)) throw error;
      means.aborts.delete(signal, receiver);
      connection = pool.replace(connection);
      receiver = send(means, what, options, connection, signal);
      head = await receiver.head;
    }
    refuseProxyAnswer(what, proxy, head.status);
    return await reader(new ReceivedResponse(head, receiver));
  } finally {
    means.aborts.delete(signal, receiver);
    const reusable = receiver.finish();
    if (reusable !== undefined) pool.give(connection, reusable);
    else giveLater(pool, connection, receiver);
  }
}

/** Gives a connection back once the rest of its answer is read away. */
function giveLater(pool: ConnectionPool, connection: Connection, receiver: ResponseReceiver): void {
  receiver.onSettled = (reusable) => {
    // undici calls from inside its parser, which must be left before the next request starts.
    queueMicrotask(() => {
      pool.give(connection, reusable);
    });
  };
}

type DispatchOptions = Parameters<Connection['send']>[0];

function dispatchOptions(
  { fields }: Means,
  what: string,
  proxy: TargetUrl | undefined,
  { method, target, headers, hostHeader, body, keepAfterHead }: HttpRequest,
): DispatchOptions {
  const list = fields.list(what, hostHeader ?? target.authority, headers);
  if (proxy?.authorization !== undefined) list.push('proxy-authorization', proxy.authorization);
  const path = proxy === undefined ? target.path : target.site + target.path;
  // Nobody pipelines here, so that no answer needs to keep a next request from being sent.
  return keepAfterHead === true
    ? { method, path, headers: list, body: body ?? null, blocking: false, reset: false }
    : { method, path, headers: list, body: body ?? null, blocking: false };
}

function send(
  { timeouts, aborts }: Means,
  what: string,
  options: DispatchOptions,
  connection: Connection,
  signal: AbortSignal,
): ResponseReceiver {
  const receiver = new ResponseReceiver({
    what,
    method: options.method,
    firstByteMs: timeouts.firstByteMs,
    idleMs: timeouts.idleMs,
    maxHeaderBytes: MAX_RESPONSE_HEADER_BYTES,
    connection,
  });
  connection.send(options, receiver);
  aborts.add(signal, receiver);
  return receiver;
}

/** Whether a kept connection had died before the request reached anybody: nothing was lost. */
function isStale(method: string, connection: Connection, receiver: ResponseReceiver): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const { networkError } = receiver;
  return (
    connection.uses > 0 &&
    !receiver.answered &&
    networkError !== undefined &&
    'code' in networkError &&
    networkError.code === 'UND_ERR_SOCKET'
  );
}

function refuseProxyAnswer(what: string, proxy: TargetUrl | undefined, status: number): void {
  if (proxy === undefined || status !== 407) return;
  throw new Failure(
    'ORIGIN_UNREACHABLE',
    `${what}: the proxy ${proxy.site} wants credentials: put user:password@ into the proxy variable`,
  );
}

/** An answer of which the head has come. */
class ReceivedResponse implements HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly setCookies: readonly string[];
  readonly length: number | undefined;
  readonly framing: ResponseHead['framing'];
  readonly #receiver: ResponseReceiver;

  constructor(head: ResponseHead, receiver: ResponseReceiver) {
    this.status = head.status;
    this.headers = head.headers;
    this.setCookies = head.setCookies;
    this.length = head.length;
    this.framing = head.framing;
    this.#receiver = receiver;
  }

  bytes(limit: number): Promise<Uint8Array> {
    return this.#receiver.bytes(limit);
  }

  pipeTo(sink: BodySink): Promise<number> {
    return this.#receiver.pipeTo(sink);
  }

  lendTo(sink: BodySink): Promise<number> {
    return this.#receiver.lendTo(sink);
  }
}
