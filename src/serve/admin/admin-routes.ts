import { randomUUID } from 'node:crypto';
import {
  type AdminAnswer,
  type AdminRequest,
  errorAnswerJson,
  jsonAnswer,
  textAnswer,
} from './admin-answer.ts';
import { refuseWithoutToken } from './admin-token.ts';
import type { AdminView, ExplainQuery } from './admin-view.ts';
import { answerVendorCall, PREFETCH } from './vendor-calls.ts';

type Route = (view: AdminView, request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>;

/** By path, then by method. What is POSTed changes something and needs the token. */
const ROUTES: ReadonlyMap<string, ReadonlyMap<string, Route>> = new Map([
  ['/', only('GET', page)],
  ['/healthz', only('GET', health)],
  ['/readyz', only('GET', readiness)],
  ['/metrics', only('GET', metrics)],
  ['/api/status', only('GET', status)],
  ['/api/explain', only('GET', explain)],
  ['/api/negative/flush', only('POST', flush)],
  ['/api/reload', only('POST', reload)],
]);

function only(method: string, route: Route): ReadonlyMap<string, Route> {
  return new Map([[method, route]]);
}

/** Answers one request; what the view throws comes through. */
export async function answerAdmin(
  view: AdminView,
  token: string | undefined,
  request: AdminRequest,
): Promise<AdminAnswer> {
  const { prefetch, vendorRules } = view;
  if (prefetch !== undefined && request.path.startsWith(PREFETCH)) return prefetch(request);
  return (
    (await answerVendorCall(vendorRules, token, request, randomUUID())) ??
    (await answerRoute(view, token, request))
  );
}

async function answerRoute(
  view: AdminView,
  token: string | undefined,
  request: AdminRequest,
): Promise<AdminAnswer> {
  const methods = ROUTES.get(request.path);
  if (methods === undefined) return errorAnswerJson(404, 'there is nothing here');
  const route = methods.get(request.method);
  if (route === undefined) {
    const allow = [...methods.keys()].flatMap((name) =>
      name === 'GET' ? ['GET', 'HEAD'] : [name],
    );
    return errorAnswerJson(405, `only ${allow.join(' and ')} can be asked here`, {
      allow: allow.join(', '),
    });
  }
  const isChange = request.method !== 'GET';
  const refusal = isChange ? refuseWithoutToken(token, request.headers.authorization) : undefined;
  return refusal ?? (await route(view, request));
}

async function page(view: AdminView): Promise<AdminAnswer> {
  return pageAnswer(view, 'whole');
}

async function pageAnswer(view: AdminView, part: 'whole' | 'live'): Promise<AdminAnswer> {
  const { html, policy } = view.page(await view.status(), part);
  return textAnswer(200, 'text/html; charset=utf-8', html, policy);
}

function health(): AdminAnswer {
  return jsonAnswer(200, { ok: true });
}

function readiness(view: AdminView): AdminAnswer {
  const { ready, reason } = view.ready();
  return jsonAnswer(ready ? 200 : 503, reason === undefined ? { ready } : { ready, reason });
}

async function metrics(view: AdminView): Promise<AdminAnswer> {
  const { type, text } = await view.metrics();
  return textAnswer(200, type, text);
}

/** With `format=html` as the status page draws it. */
async function status(view: AdminView, { query }: AdminRequest): Promise<AdminAnswer> {
  if (query.get('format') === 'html') return pageAnswer(view, 'live');
  return jsonAnswer(200, await view.status());
}

function explain(view: AdminView, { query }: AdminRequest): AdminAnswer {
  const key = query.get('key') ?? '';
  if (key === '') return errorAnswerJson(400, 'key= is missing: the key to explain');
  const headers: (readonly [string, string])[] = [];
  for (const header of query.getAll('header')) {
    const colon = header.indexOf(':');
    if (colon < 1) return errorAnswerJson(400, 'header= must be like "name: value"');
    headers.push([header.slice(0, colon).trim(), header.slice(colon + 1).trim()]);
  }
  const asked: ExplainQuery = {
    key,
    method: (query.get('method') ?? 'GET').toUpperCase(),
    query: query.get('query') ?? '',
    headers,
  };
  return jsonAnswer(200, view.explain(asked));
}

function flush(view: AdminView, { query }: AdminRequest): AdminAnswer {
  return jsonAnswer(200, { flushed: view.flush(query.get('prefix') ?? '') });
}

async function reload(view: AdminView): Promise<AdminAnswer> {
  const reloaded = await view.reload();
  return jsonAnswer(reloaded.ok ? 200 : 422, reloaded);
}
