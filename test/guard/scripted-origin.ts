import { Failure, type FailureCode, type FailureDetails } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import {
  type AnswerReader,
  type Origin,
  type OriginAnswer,
  type OriginRequest,
  readToResult,
} from '../../src/model/origin.ts';
import type { GuardedOrigin } from '../../src/guard/guarded-origin.ts';

/** What one read does: gives a body, throws, or waits for the test. */
export type Step = 'ok' | Error | Promise<unknown>;

export interface ScriptedOrigin extends GuardedOrigin {
  /** Says what the next reads do, in order; the last one for ever. None: every read is `ok`. */
  readonly script: (...steps: readonly Step[]) => void;
  /** Reads so far. */
  readonly reads: () => number;
  /** Probes so far. */
  readonly probes: () => number;
  readonly closed: () => boolean;
  /** What probes throw; undefined: the address is alive. */
  dead: Error | undefined;
  /** Whether it says that it may be asked. */
  usable: boolean;
  retryAt: number;
}

/** An address that does what the test says, without any network. */
export function scriptedOrigin(name: string, ...script: readonly Step[]): ScriptedOrigin {
  let steps = [...script];
  let [reads, probes, closed] = [0, 0, false];
  const origin: ScriptedOrigin = {
    name,
    script: (...next) => {
      steps = [...next];
    },
    reads: () => reads,
    probes: () => probes,
    closed: () => closed,
    dead: undefined,
    usable: true,
    retryAt: 0,
    available: () => origin.usable,
    retryAtMs: () => origin.retryAt,
    async read<T>(_request: OriginRequest, reader: AnswerReader<T>, signal: AbortSignal) {
      reads += 1;
      signal.throwIfAborted();
      const step = steps.length > 1 ? steps.shift() : steps[0];
      if (step instanceof Error) throw step;
      if (step instanceof Promise) await step;
      return readToResult((asked) => asked(answerOf(name)), reader);
    },
    async probe(signal) {
      probes += 1;
      signal.throwIfAborted();
      if (origin.dead !== undefined) throw origin.dead;
      return Promise.resolve();
    },
    async close() {
      closed = true;
      return Promise.resolve();
    },
  };
  return origin;
}

/** An answer whose body is the origin's name. */
export function answerOf(name: string, body: Partial<OriginAnswer> = {}): OriginAnswer {
  const bytes = new TextEncoder().encode(name);
  return {
    head: {
      origin: name,
      url: name,
      status: 200,
      headers: {},
      length: bytes.length,
      framing: 'length',
    },
    bytes: async () => Promise.resolve(bytes),
    async pipeTo(sink) {
      await sink(bytes);
      return bytes.length;
    },
    ...body,
  };
}

/** Reads the whole body as text. */
export async function text(answer: OriginAnswer): Promise<string> {
  return new TextDecoder().decode(await answer.bytes(100));
}

/** A failure of the origin `origin`. */
export function failure(code: FailureCode, origin = 'x', details: FailureDetails = {}): Failure {
  return new Failure(code, `${origin} failed by ${code}`, { origin, ...details });
}

export const request: OriginRequest = {
  key: objectKey('k'),
  originKey: 'k',
  query: '',
  url: undefined,
  headers: {},
  unless: undefined,
  onRequest: () => undefined,
};

/** Reads `k` as text. */
export async function readText(origin: Origin, signal = never()): Promise<string> {
  return origin.read(request, text, signal);
}

/** A signal that never aborts. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

/** A promise and what settles it. */
export function deferred<T = void>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((resolveIt, rejectIt) => {
    [resolve, reject] = [resolveIt, rejectIt];
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
