import { Failure } from '../../src/model/failure.ts';
import {
  type Origin,
  type OriginAnswer,
  type OriginHead,
  type ReadOn,
  readToResult,
} from '../../src/model/origin.ts';
import type { BodySink, Clock } from '../../src/model/ports.ts';

/** What goes wrong with one request: nothing, no answer, a throttle, or a body cut after so many bytes. */
export type Break = 'none' | 'silence' | 'throttle' | number;

export interface BreakingObject {
  readonly bytes: Buffer;
  readonly framing: OriginHead['framing'];
  /** Absent: bodies are never read on. */
  readonly etag?: string;
  /** The ETag that the rest of it is sent with, where that is another. */
  readonly etagOfRest?: string;
  /** One a request; what comes after the last one goes well. */
  readonly breaks: readonly Break[];
}

export interface BreakingOriginSettings {
  readonly objects: ReadonlyMap<string, BreakingObject>;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Until the head of an answer is there. */
  readonly firstByteMs: number;
  /** Told of each request, and waited for before its answer comes. */
  readonly onAsked?: (key: string, rest: ReadOn | undefined) => void | Promise<void>;
}

const NAME = 'http://o.example/';
const CHUNK_BYTES = 512 * 1024;

/** An origin port whose answers break as each object's list says. */
export function breakingOrigin(settings: BreakingOriginSettings): Origin {
  const { objects, clock, firstByteMs, onAsked } = settings;
  const asked = new Map<string, number>();
  return {
    name: NAME,
    read: (request, reader, signal) =>
      readToResult(async (answered) => {
        const object = objects.get(request.key);
        if (object === undefined) throw new Failure('ORIGIN_NOT_FOUND', `no ${request.key}`);
        const rest = await request.readOn?.(NAME);
        request.onRequest(NAME);
        const turn = asked.get(request.key) ?? 0;
        asked.set(request.key, turn + 1);
        await onAsked?.(request.key, rest);
        await clock.sleep(firstByteMs, signal);
        const broken = object.breaks[turn] ?? 'none';
        if (broken === 'silence') throw new Failure('ORIGIN_TIMEOUT', 'no answer');
        if (broken === 'throttle') throw throttle();
        return answered(answerOf(object, rest, broken === 'none' ? Infinity : broken));
      }, reader),
    probe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function throttle(): Failure {
  return new Failure('ORIGIN_STATUS', 'slow down', { status: 429, retryAfterMs: 700 });
}

/** @param endsAt where the body breaks off, in bytes of the object */
function answerOf(
  { bytes, framing, etag, etagOfRest = etag }: BreakingObject,
  rest: ReadOn | undefined,
  endsAt: number,
): OriginAnswer {
  const from = rest !== undefined && rest.etag === etag ? rest.offset : 0;
  const sent = from > 0 ? etagOfRest : etag;
  const body = bytes.subarray(from, Math.max(from, Math.min(endsAt, bytes.length)));
  const whole = bytes.length - from;
  const pipeTo = async (sink: BodySink): Promise<number> => {
    for (let at = 0; at < body.length; at += CHUNK_BYTES) {
      await sink(body.subarray(at, at + CHUNK_BYTES));
    }
    if (body.length < whole) throw new Failure('LENGTH_MISMATCH', `cut at ${from + body.length}`);
    return body.length;
  };
  const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  return {
    head: {
      ...{ origin: NAME, url: `${NAME}k`, status: from > 0 ? 206 : 200, framing },
      headers: {
        ...(sent === undefined ? {} : { etag: sent }),
        ...(from > 0 ? { 'content-range': range } : {}),
      },
      length: framing === 'length' ? whole : undefined,
    },
    bytes: async () => {
      await pipeTo(() => undefined);
      return body;
    },
    pipeTo,
  };
}
