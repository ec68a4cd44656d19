import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { FaultPlan, type Fault } from './s3-double-faults.ts';
import { DoubleEngine } from './s3-double-engine.ts';
import type { Operation } from './s3-double-request.ts';
import {
  S3_SWITCHES,
  type DoubleBucket,
  type DoubleBucketSettings,
  type DoubleKeys,
  type S3DoubleSwitches,
} from './s3-double-state.ts';
import { serveRequest, type LoggedRequest } from './s3-double-wire.ts';
import type { Identity } from './loopback-tls.ts';

export interface S3DoubleOptions {
  /** Speaks HTTPS as this identity. */
  readonly tls?: Identity;
  /** Default us-east-1. */
  readonly region?: string;
  /** Default: one, `bucket`. */
  readonly buckets?: readonly (string | DoubleBucketSettings)[];
  /** Default: one, `test` with the secret `testtest`. */
  readonly keys?: readonly DoubleKeys[];
  /** `<bucket>.<domain>` in Host is virtual-host style: default `localhost`. */
  readonly domain?: string;
  readonly switches?: Partial<S3DoubleSwitches>;
  /** Milliseconds since the epoch: default the real clock. */
  readonly now?: () => number;
}

/** A strict S3 in this process; what is in it and what was asked of it can be looked at. */
export interface S3Double {
  /** `http://127.0.0.1:port`, or `https://localhost:port` with TLS. */
  readonly endpoint: string;
  readonly port: number;
  readonly region: string;
  /** The first of its keys. */
  readonly keys: DoubleKeys;
  /** Everything asked so far, in order of arrival. */
  readonly requests: readonly LoggedRequest[];
  /** May be changed at any time. */
  readonly switches: S3DoubleSwitches;
  /** The bucket of that name, made where there is none. */
  bucket(name: string): DoubleBucket;
  /** The requests of one operation. */
  asked(operation: Operation): readonly LoggedRequest[];
  /** Scripts faults; they stay until they have struck, or until `healed`. */
  fail(...faults: readonly Fault[]): void;
  healed(): void;
  /** Forgets what was asked so far. */
  forget(): void;
  /** Ends the connections on which nothing is under way. */
  closeIdle(): void;
  close(): Promise<void>;
}

/** The keys of a double that was given none. */
export const DOUBLE_KEYS = { accessKeyId: 'test', secretAccessKey: 'testtest' } as const;

/** Starts a double on a loopback port. */
export async function startS3Double(options: S3DoubleOptions = {}): Promise<S3Double> {
  const region = options.region ?? 'us-east-1';
  const keys = options.keys ?? [DOUBLE_KEYS];
  const switches: S3DoubleSwitches = { ...S3_SWITCHES, ...options.switches };
  const now = options.now ?? Date.now;
  const engine = new DoubleEngine({
    region,
    keys,
    switches,
    domain: options.domain ?? 'localhost',
    secure: options.tls !== undefined,
    nowMs: () => now() + switches.clockOffsetMs,
  });
  for (const bucket of options.buckets ?? ['bucket']) {
    engine.makeBucket(typeof bucket === 'string' ? { name: bucket } : bucket);
  }
  const requests: LoggedRequest[] = [];
  const plan = new FaultPlan();
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    serveRequest(engine, plan, requests, incoming, response).catch(() => response.destroy());
  };
  const server =
    options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  server.on('checkContinue', listener);
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint:
      options.tls === undefined
        ? `http://127.0.0.1:${String(port)}`
        : `https://localhost:${String(port)}`,
    port,
    region,
    keys: keys[0] ?? DOUBLE_KEYS,
    requests,
    switches,
    bucket: (name) => engine.buckets.get(name) ?? engine.makeBucket({ name }),
    asked: (operation) => requests.filter((request) => request.operation === operation),
    fail: (...faults) => {
      plan.add(faults);
    },
    healed: () => {
      plan.clear();
    },
    forget: () => {
      requests.length = 0;
    },
    closeIdle: () => {
      server.closeIdleConnections();
    },
    close: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
