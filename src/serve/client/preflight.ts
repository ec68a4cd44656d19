import type { Headers } from '../../model/ports.ts';
import type { ResponseSettings } from '../../model/rule.ts';
import { isHeaderName, isHeaderValue } from '../../rules/header-names.ts';

/** What a page of another site wants to do (Fetch Standard, "CORS-preflight request"). */
export interface CorsAsk {
  readonly origin: string;
  readonly method: string;
  /** Lower-case names of the headers that the request would have. */
  readonly headers: readonly string[];
}

/** The answer to an OPTIONS: no body, or what an error body says. */
export type PreflightAnswer =
  | { readonly status: 204; readonly headers: Headers }
  | { readonly status: 403; readonly code: 'AccessForbidden'; readonly message: string };

/** What serve answers to. */
export const ALLOWED_METHODS = 'GET, HEAD, OPTIONS';

/** What pages may use. */
const READING = 'GET, HEAD';

/** What an answer depends on, for caches between. */
const VARY = 'origin, access-control-request-method, access-control-request-headers';

const FORBIDDEN = {
  status: 403,
  code: 'AccessForbidden',
  message: 'This CORS request is not allowed: no rule sets such an access-control-allow-origin',
} as const;

/** What an OPTIONS asks by its headers; undefined where it is no preflight. */
export function corsAsk(headers: Headers): CorsAsk | undefined {
  const origin = headers['origin'];
  const method = headers['access-control-request-method'];
  if (origin === undefined || method === undefined) return undefined;
  const names = (headers['access-control-request-headers'] ?? '').toLowerCase().split(',');
  return { origin, method, headers: names.map((name) => name.trim()).filter(isNamed) };
}

const isNamed = (name: string): boolean => name !== '';

/**
 * Answers an OPTIONS. A preflight goes by the `access-control-*` headers that the rule sets on every
 * answer: the page's origin has to be `access-control-allow-origin`, to the letter, unless that is
 * `*`; where the rule doesn't list methods and headers, reading is allowed, with any header.
 * @param ask undefined where it is no preflight: then it is told what this server can do
 * @param response of the rule for the request that is meant; undefined where there is none
 */
export function preflight(
  ask: CorsAsk | undefined,
  response: Pick<ResponseSettings, 'setHeaders'> | undefined,
): PreflightAnswer {
  if (ask === undefined) return { status: 204, headers: { allow: ALLOWED_METHODS } };
  const given = corsHeaders(response?.setHeaders ?? []);
  const allowed = given['access-control-allow-origin'];
  const mayRead = READING.split(', ').includes(ask.method) && ask.headers.every(isHeaderName);
  if (!mayRead || (allowed !== '*' && allowed !== ask.origin)) return FORBIDDEN;
  const asked = ask.headers.join(', ');
  const headers = {
    'access-control-allow-methods': READING,
    ...(asked === '' ? {} : { 'access-control-allow-headers': asked }),
    ...given,
    vary: VARY,
  };
  return { status: 204, headers };
}

function corsHeaders(setHeaders: ResponseSettings['setHeaders']): Headers {
  const named = setHeaders.filter(
    ({ name, value }) => name.startsWith('access-control-') && isHeaderValue(value),
  );
  return Object.fromEntries(named.map(({ name, value }) => [name, value]));
}
