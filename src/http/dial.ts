import { connect as connectTcp, isIP, type Socket } from 'node:net';

import { Failure } from '../model/failure.ts';
import { checkedLookup, refuseLiteral, type Resolve } from './checked-lookup.ts';
import { durationText } from './duration-text.ts';
import { LentReads } from './lent-reads.ts';
import { dialFailure } from './network-failure.ts';
import { openTunnel, type Endpoint } from './proxy-tunnel.ts';
import type { TargetUrl } from './target-url.ts';
import { tlsUpgrade, type TlsIdentity } from './tls-upgrade.ts';
import { whenReady } from './when-ready.ts';

/**
 * How one address wants to be dialled and who we are there. Compared by identity: connections are
 * shared only among requests with the same object.
 */
export interface DialIdentity extends TlsIdentity {
  /** `host[:port]` that is dialled instead of the URL's. */
  readonly connectTo?: string | undefined;
}

/** Everything that a dial depends on. */
export interface DialPlan {
  readonly target: TargetUrl;
  readonly identity: DialIdentity;
  /** Dialled instead of the target; tunnelled through for https and `connectTo`. */
  readonly proxy: TargetUrl | undefined;
  readonly allowPrivate: boolean;
  readonly connectTimeoutMs: number;
  readonly resolve: Resolve;
  /** Without proxy and TLS, the socket is read by {@link LentReads}. */
  readonly lendsReads: boolean;
}

/** Whether the proxy, if any, is asked for a tunnel, and not for the URL itself. */
export function isTunnelled({ target, identity }: Pick<DialPlan, 'target' | 'identity'>): boolean {
  return target.scheme === 'https' || identity.connectTo !== undefined;
}

/**
 * Makes dialling functions for one plan: each call opens one connection, ready for requests.
 * The address policy holds for the very addresses that are dialled; a proxy, which is the user's
 * own choice, is exempt, and since it resolves names itself only literals are checked then.
 *
 * The function rejects with Failure `ORIGIN_UNREACHABLE` (TCP, DNS, TLS), `ORIGIN_TIMEOUT` (name,
 * connection, tunnel and handshake together took too long) or `ADDRESS_REFUSED`.
 */
export function dialler(plan: DialPlan): (signal: AbortSignal) => Promise<Socket> {
  const secure =
    plan.target.scheme === 'https' ? tlsUpgrade(plan.target.hostname, plan.identity) : undefined;
  const endpoint = endpointOf(plan);
  return async (signal) => {
    const limit = new AbortController();
    const timer = setTimeout(() => {
      limit.abort(timeoutFailure(plan));
    }, plan.connectTimeoutMs);
    const either = AbortSignal.any([signal, limit.signal]);
    try {
      refuseLiteral(endpoint.host, plan.allowPrivate);
      const plain = await openPlain(plan, endpoint, either);
      return secure === undefined ? plain : await secure(plain, either);
    } catch (error) {
      if (either.aborted) throw either.reason;
      throw dialFailure(plan.target.site, error);
    } finally {
      clearTimeout(timer);
    }
  };
}

function timeoutFailure({ target, connectTimeoutMs }: DialPlan): Failure {
  return new Failure(
    'ORIGIN_TIMEOUT',
    `${target.site}: no connection within ${durationText(connectTimeoutMs)} (timeouts.connect)`,
  );
}

function endpointOf({ target, identity: { connectTo } }: DialPlan): Endpoint {
  if (connectTo === undefined) return { host: target.hostname, port: target.port };
  if (isIP(connectTo) === 6) return { host: connectTo, port: target.port };
  const [, bracketed, plain = connectTo, port] =
    /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(connectTo) ?? [];
  return {
    host: bracketed ?? plain,
    port: port === undefined ? target.port : Number(port),
  };
}

async function openPlain(plan: DialPlan, endpoint: Endpoint, signal: AbortSignal): Promise<Socket> {
  const { proxy, allowPrivate, resolve } = plan;
  if (proxy === undefined) {
    const reads = plan.lendsReads && plan.target.scheme === 'http' ? new LentReads() : undefined;
    return openTcp(endpoint, checkedLookup(resolve, allowPrivate), signal, reads);
  }
  const tcp = await openTcp({ host: proxy.hostname, port: proxy.port }, undefined, signal);
  const socket = proxy.scheme === 'https' ? await tlsUpgrade(proxy.hostname, {})(tcp, signal) : tcp;
  return isTunnelled(plan) ? openTunnel(socket, proxy, endpoint, signal) : socket;
}

async function openTcp(
  endpoint: Endpoint,
  lookup: ReturnType<typeof checkedLookup> | undefined,
  signal: AbortSignal,
  reads?: LentReads,
): Promise<Socket> {
  const options = {
    host: endpoint.host,
    port: endpoint.port,
    ...(lookup === undefined ? {} : { lookup }),
    noDelay: true,
    keepAlive: true,
    // Chunks as large as files are read in: fewer of them.
    highWaterMark: 64 * 1024,
  };
  if (reads === undefined) return whenReady(connectTcp(options), 'connect', signal);
  const socket = connectTcp({ ...options, onread: reads.onread });
  reads.attach(socket);
  return whenReady(socket, 'connect', signal);
}
