import { Failure, Interrupted } from '../model/failure.ts';
import { type AnswerReader, type OriginRequest, ReadAgain } from '../model/origin.ts';
import type { AdaptiveLimiter, HostPermit } from './adaptive-limiter.ts';
import type { GuardedOrigin } from './guarded-origin.ts';
import { OriginUnavailable } from './origin-unavailable.ts';
import { type OnBodyBytes, paceBody } from './pace-body.ts';
import { slowsHost } from './slows-host.ts';
import type { Tokens } from './token-bucket.ts';
import type { Traffic } from './traffic.ts';

/** What holds an address back. */
export interface Pace {
  /** Shared by everything that talks to the address' host. */
  readonly host: AdaptiveLimiter;
  /** Every request takes one token of each. */
  readonly requests: readonly Tokens[];
  /** Every byte of a body takes one token of each. */
  readonly bytes: readonly Tokens[];
  readonly traffic: Traffic;
  /** No Retry-After keeps the host waiting for longer. */
  readonly maxPauseMs: number;
  /** A host that wants to be left alone for longer than this is not asked at all. Absent: any time. */
  readonly patienceMs?: number | undefined;
  /** Aborts when the run is to stop: requests that still wait for their turn are not sent then. */
  readonly drain: AbortSignal;
}

/**
 * Asks an address no faster than its host likes and its rates allow, and tells the host's limiter
 * what came of it. A host is judged by an answer's head, so that long bodies don't keep it slow.
 * Requests beyond the first (redirects, second reads) are noted as they are sent, and paid for by
 * whoever comes next. Probes are few and neither wait nor count.
 */
export function paceOrigin(origin: GuardedOrigin, pace: Pace): GuardedOrigin {
  return {
    name: origin.name,
    available: () => origin.available() && !isHeldBack(pace),
    retryAtMs: () => origin.retryAtMs(),
    // No async function where a permit is free: every object takes this way.
    read(request, reader, signal) {
      if (pace.drain.aborted) return Promise.reject(new Interrupted(pace.drain.reason));
      const permit = freePermit(pace);
      if (permit !== undefined) return readWith(origin, pace, permit, request, reader, signal);
      return admission(origin.name, pace, signal).then((admitted) =>
        readWith(origin, pace, admitted, request, reader, signal),
      );
    },
    async probe(signal) {
      await origin.probe(signal);
    },
    async close() {
      await origin.close();
    },
  };
}

function readWith<T>(
  origin: GuardedOrigin,
  pace: Pace,
  permit: HostPermit,
  request: OriginRequest,
  reader: AnswerReader<T>,
  signal: AbortSignal,
): Promise<T> {
  const talk = new Talk(pace, permit, signal);
  return origin.read(counted(request, pace), talk.over(reader), signal).then(
    (value) => {
      permit.release();
      return value;
    },
    (error: unknown) => {
      judge(error, permit, pace.maxPauseMs);
      permit.release();
      throw error;
    },
  );
}

/** The host wants to be left alone for longer than anybody here can wait. */
function isHeldBack({ patienceMs, host }: Pace): boolean {
  return patienceMs !== undefined && host.pausedForMs > patienceMs;
}

/** A permit where nothing has to be waited or paid for, as most often. */
function freePermit(pace: Pace): HostPermit | undefined {
  return pace.requests.length > 0 || isHeldBack(pace) ? undefined : pace.host.tryAcquire();
}

/**
 * @throws OriginUnavailable where it would have to wait for the host, and can't; Interrupted where
 * the run is to stop first; the signal's reason on abort.
 */
async function admission(name: string, pace: Pace, signal: AbortSignal): Promise<HostPermit> {
  const { host, requests, drain } = pace;
  if (isHeldBack(pace)) throw new OriginUnavailable(name, 'its host wants to be left alone');
  const free = host.tryAcquire();
  if (free !== undefined && requests.length === 0) return free;
  const ending = AbortSignal.any([signal, drain]);
  try {
    for (let permit = free; ; permit = undefined) {
      permit ??= await host.acquire(ending);
      await paid(permit, requests, ending);
      // The host may want to be left alone since; what was paid lapses, so that no burst follows.
      if (!host.paused) return permit;
      permit.release();
      if (isHeldBack(pace)) throw new OriginUnavailable(name, 'its host wants to be left alone');
    }
  } catch (error) {
    signal.throwIfAborted();
    throw drain.aborted ? new Interrupted(drain.reason) : error;
  }
}

async function paid(
  permit: HostPermit,
  requests: readonly Tokens[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await pay(requests, 1, signal);
  } catch (error) {
    permit.release();
    throw error;
  }
}

/** One bucket after the other: each lets pass no more than its own rate. */
function pay(
  buckets: readonly Tokens[],
  tokens: number,
  signal: AbortSignal,
  from = 0,
): Promise<void> | undefined {
  for (let at = from; at < buckets.length; at += 1) {
    const wait = buckets[at]?.take(tokens, signal);
    if (wait !== undefined) return wait.then(() => pay(buckets, tokens, signal, at + 1));
  }
  return undefined;
}

function counted(request: OriginRequest, { requests }: Pace): OriginRequest {
  if (requests.length === 0) return request;
  let sent = 0;
  return {
    ...request,
    onRequest: (origin) => {
      sent += 1;
      if (sent > 1) for (const bucket of requests) bucket.charge(1);
      request.onRequest(origin);
    },
  };
}

/** One read with its permit. */
class Talk {
  readonly #permit: HostPermit;
  readonly #onBytes: OnBodyBytes;

  constructor({ bytes, traffic }: Pace, permit: HostPermit, signal: AbortSignal) {
    this.#permit = permit;
    this.#onBytes = (length) => {
      traffic.bodyBytes += length;
      return pay(bytes, length, signal);
    };
  }

  /** The reader, and whatever it reads again, with its bodies paced. */
  over<T>(reader: AnswerReader<T>): AnswerReader<T> {
    return (answer) => {
      this.#permit.answered();
      return reader(paceBody(answer, this.#onBytes)).then((read) =>
        read instanceof ReadAgain ? new ReadAgain(this.over(read.reader)) : read,
      );
    };
  }
}

/** What a failed read says of the host; a failure without an answer says nothing. */
function judge(error: unknown, permit: HostPermit, maxPauseMs: number): void {
  if (slowsHost(error)) {
    const { retryAfterMs } = error;
    permit.throttled(retryAfterMs === undefined ? undefined : Math.min(retryAfterMs, maxPauseMs));
  } else if (error instanceof Failure && error.status !== undefined) {
    permit.answered();
  }
}
