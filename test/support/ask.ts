import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http';

/** An answer, as far as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly text: string;
  /** The connection broke before the body's end. */
  readonly cut: boolean;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  readonly agent?: Agent;
}

/** A request of which the answer's body comes when the test wants it. */
export interface Asking {
  /** Resolves with the head. */
  readonly head: Promise<IncomingMessage>;
  /** The client leaves. */
  readonly leave: () => void;
}

/**
 * Sends a request whose path goes onto the wire as it stands.
 * @param base `http://127.0.0.1:port`
 */
export function begin(base: string, path: string, asked: Asked = {}): Asking {
  const { port, hostname } = new URL(base);
  const { method = 'GET', headers = {}, agent } = asked;
  const request = httpRequest({
    host: hostname,
    port,
    path,
    method,
    headers,
    agent: agent ?? false,
  });
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
  });
  head.catch(() => undefined);
  request.end(asked.body);
  return { head, leave: () => request.destroy() };
}

/** A request and its whole answer. @throws where the connection breaks before there is a head. */
export async function ask(base: string, path: string, asked: Asked = {}): Promise<Answer> {
  return answerOf(await begin(base, path, asked).head);
}

/** Reads what is left of an answer. */
export async function answerOf(message: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let cut = false;
  try {
    for await (const chunk of message) chunks.push(chunk as Buffer);
  } catch {
    cut = true;
  }
  const body = Buffer.concat(chunks);
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, String(value)]),
  );
  const isCut = cut || !message.complete;
  return { status: message.statusCode ?? 0, headers, body, text: body.toString(), cut: isCut };
}
