/** How a connection ends where a script breaks it off. `stall` keeps it open and sends nothing. */
export type BreakOff = 'end' | 'reset' | 'stall';

/**
 * One scripted answer, as data. What is left out is what a correct server would do: status 200,
 * Content-Length, everything sent at once, the connection kept.
 */
export interface FaultAnswer {
  readonly status?: number;
  /** Sent as they stand, in this order; a list sends the field several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /** What marks the body's end; `close` ends the connection after it. */
  readonly framing?: 'length' | 'chunked' | 'close';
  /** The Content-Length that is told instead of the true one; a list tells it several times. */
  readonly declaredLength?: string | number | readonly (string | number)[];
  /** Replaces status line and headers, to the last CRLF: for what is not HTTP any more. */
  readonly rawHead?: string;
  /** Interim answers before the real one: `103 Early Hints`. */
  readonly interim?: readonly string[];
  /** Waits before the first byte. */
  readonly delayMs?: number;
  /** Breaks off after so many bytes of the head; 0 is before the answer. */
  readonly cutHead?: { readonly afterBytes: number; readonly how: BreakOff };
  /** Breaks off after so many bytes of the body; of a chunked one the last chunk never comes. */
  readonly cutBody?: { readonly afterBytes: number; readonly how: BreakOff };
  /** Sends the body in pieces, with a pause before each. */
  readonly drip?: { readonly bytes: number; readonly everyMs: number };
  /** Hangs up after the answer, without having said so. */
  readonly hangUp?: boolean;
}

/** The answers of one path: the nth request gets the nth, and the last one repeats. */
export interface FaultScript {
  readonly get: FaultAnswer | readonly FaultAnswer[];
  /** For HEAD; absent: the head that GET would get. */
  readonly head?: FaultAnswer | readonly FaultAnswer[];
  /** Answers instead, by the request's exact If-None-Match. */
  readonly ifNoneMatch?: Readonly<Record<string, FaultAnswer>>;
}

/** The answer to the `index`th request (from 0) of a script's method. */
export function scriptedAnswer(script: FaultScript, method: string, index: number): FaultAnswer {
  const answers = method === 'HEAD' ? (script.head ?? script.get) : script.get;
  if (!Array.isArray(answers)) return answers as FaultAnswer;
  const list: readonly FaultAnswer[] = answers;
  return list[Math.min(index, list.length - 1)] ?? {};
}

/** The body's bytes. */
export function bodyBytes({ body }: FaultAnswer): Buffer {
  return typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body ?? []);
}

/** Status line and headers, as they go onto the wire. */
export function headBytes(answer: FaultAnswer): Buffer {
  if (answer.rawHead !== undefined) return Buffer.from(answer.rawHead, 'latin1');
  const interim = (answer.interim ?? []).map((line) => `HTTP/1.1 ${line}\r\n\r\n`).join('');
  const lines = [`HTTP/1.1 ${String(answer.status ?? 200)} Scripted`, ...framingLines(answer)];
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    for (const one of [value].flat()) lines.push(`${name}: ${one}`);
  }
  return Buffer.from(`${interim}${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function framingLines(answer: FaultAnswer): string[] {
  if (answer.framing === 'chunked') return ['transfer-encoding: chunked'];
  if (answer.framing === 'close') return ['connection: close'];
  if ([204, 304].includes(answer.status ?? 200) && answer.declaredLength === undefined) return [];
  const lengths = [answer.declaredLength ?? bodyBytes(answer).length].flat();
  return lengths.map((length) => `content-length: ${String(length)}`);
}
