import type { Failure } from '../../src/model/failure.ts';
import { type Origin, type OriginAnswer, readToResult } from '../../src/model/origin.ts';

/** One answer of a scripted origin. */
export interface ScriptedAnswer {
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Content-Length, where it is not the body's own. */
  readonly length?: number;
  readonly framing?: 'length' | 'chunked' | 'close';
}

const CHUNK_BYTES = 64 * 1024;

/**
 * An origin port that gives its answers, or failures, one after the other. It checks nothing of what
 * an adapter would: whatever is wrong with an answer, the commit gate has to find.
 */
export function scriptedOrigin(answers: readonly (ScriptedAnswer | Failure)[]): Origin {
  const left = [...answers];
  return {
    name: 'http://scripted.example/',
    read: (request, reader) =>
      readToResult(async (asked) => {
        request.onRequest('http://scripted.example/');
        const answer = left.shift();
        if (answer === undefined) throw new Error('the script has no answer left');
        if (answer instanceof Error) throw answer;
        return asked(originAnswer(answer));
      }, reader),
    probe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function originAnswer({
  body,
  headers = {},
  length,
  framing = 'length',
}: ScriptedAnswer): OriginAnswer {
  return {
    head: {
      origin: 'http://scripted.example/',
      url: 'http://scripted.example/k',
      status: 200,
      headers,
      length: framing === 'length' ? (length ?? body.length) : undefined,
      framing,
    },
    bytes: () => Promise.resolve(body),
    pipeTo: async (sink) => {
      for (let at = 0; at < body.length; at += CHUNK_BYTES) {
        await sink(body.subarray(at, at + CHUNK_BYTES));
      }
      return body.length;
    },
    lendTo: async (sink) => {
      let memory = Buffer.alloc(CHUNK_BYTES);
      for (let at = 0; at < body.length; at += CHUNK_BYTES) {
        const busy = sink(memory.subarray(0, body.copy(memory, 0, at)));
        // As of a connection: what the sink is done with is overwritten.
        if (busy === undefined) memory.fill(0xee);
        else {
          await busy;
          memory = Buffer.alloc(CHUNK_BYTES);
        }
      }
      return body.length;
    },
  };
}
