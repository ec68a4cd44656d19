import { Failure } from '../model/failure.ts';
import type { OriginAnswer, OriginRequest } from '../model/origin.ts';
import type { BodySink } from '../model/ports.ts';

/**
 * The answer to a request for a range, held to what it says of itself: the body of a 206 has as
 * many bytes as its Content-Range, also where no Content-Length declares them. Answers to other
 * requests come back as they are.
 * @param what method and URL, the subject of failures
 * @throws Failure `LENGTH_MISMATCH` where the head contradicts itself; the body throws it as well,
 * and gives its sink no byte beyond the range.
 */
export function checkedPart(
  what: string,
  { range, method }: Pick<OriginRequest, 'range' | 'method'>,
  answer: OriginAnswer,
): OriginAnswer {
  const { status, headers, length } = answer.head;
  if (range === undefined || status !== 206) return answer;
  const told = headers['content-range'];
  const bytes = bytesOf(told);
  if (bytes === undefined) {
    const shown = told === undefined ? 'no Content-Range' : `Content-Range ${JSON.stringify(told)}`;
    throw mismatch(`${what}: answered 206 with ${shown}, which names no range of bytes`);
  }
  if (length === undefined) return method === 'HEAD' ? answer : counted(what, bytes, answer);
  if (length === bytes) return answer;
  const why = `answered 206 with ${length} bytes, and its Content-Range names ${bytes}`;
  throw mismatch(`${what}: ${why}`);
}

/** How many bytes a Content-Range names (RFC 9110, 14.4); undefined for anything else. */
function bytesOf(contentRange: string | undefined): number | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(contentRange ?? '');
  if (match === null) return undefined;
  const [first, last] = [Number(match[1]), Number(match[2])];
  const total = match[3] === '*' ? last + 1 : Number(match[3]);
  const isRange = first <= last && last < total && Number.isSafeInteger(total);
  return isRange ? last - first + 1 : undefined;
}

/** An answer of undeclared length, whose body must have that many bytes. */
function counted(what: string, expected: number, answer: OriginAnswer): OriginAnswer {
  const wrong = (got: string): Failure =>
    mismatch(`${what}: the part has ${got}, and its Content-Range names ${expected}`);
  return {
    head: answer.head,
    bytes: async (limit) => {
      const body = await answer.bytes(limit);
      if (body.length !== expected) throw wrong(`${body.length} bytes`);
      return body;
    },
    pipeTo: async (sink: BodySink) => {
      let received = 0;
      const total = await answer.pipeTo((chunk) => {
        received += chunk.length;
        if (received > expected) throw wrong(`${received} bytes or more`);
        return sink(chunk);
      });
      if (total !== expected) throw wrong(`${total} bytes`);
      return total;
    },
  };
}

function mismatch(message: string): Failure {
  return new Failure('LENGTH_MISMATCH', message, { status: 206 });
}
