import type { IncomingHttpHeaders } from 'node:http';

/** A request to the admin port, whose body was read whole. */
export interface AdminRequest {
  /** `HEAD` comes as `GET`. */
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** As it came, without `?`. */
  readonly rawQuery: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface AdminAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What nothing may be loaded for, and nobody may frame. */
const NO_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** An answer without a body, guarded as {@link textAnswer}. */
export function emptyAnswer(status: number): AdminAnswer {
  return { status, headers: guards(NO_CONTENT_POLICY), body: '' };
}

/** An answer of text that no cache keeps, no browser takes for something else, and nobody frames. */
export function textAnswer(
  status: number,
  type: string,
  body: string,
  policy = NO_CONTENT_POLICY,
): AdminAnswer {
  return { status, headers: { 'content-type': type, ...guards(policy) }, body };
}

function guards(policy: string): AdminAnswer['headers'] {
  return {
    'cache-control': 'no-store',
    'content-security-policy': policy,
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
}

export function jsonAnswer(status: number, value: unknown): AdminAnswer {
  return textAnswer(status, 'application/json', `${JSON.stringify(value)}\n`);
}

/** `{"error": "…"}`: a line for people; programs decide by the status. */
export function errorAnswerJson(
  status: number,
  error: string,
  headers: AdminAnswer['headers'] = {},
): AdminAnswer {
  const answer = jsonAnswer(status, { error });
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
