import {
  httpClient,
  type HttpClient,
  type HttpClientSettings,
  type HttpResponse,
} from '../http/http-client.ts';
import { followRedirects } from '../http/follow-redirects.ts';
import type { RedirectPolicy } from '../http/redirect-hop.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import { shownUrl, targetUrl, targetUrls, type TargetUrl } from '../http/target-url.ts';
import { Failure, type RefusedAnswer } from '../model/failure.ts';
import { lendBody } from '../model/lend-body.ts';
import {
  type AnswerReader,
  type Origin,
  type OriginAnswer,
  type OriginRequest,
  type ReadOn,
  readToResult,
} from '../model/origin.ts';
import type { Clock, Headers } from '../model/ports.ts';
import { checkedPart } from './checked-part.ts';
import { isAnswer } from './is-answer.ts';
import { keptAnswer } from './kept-answer.ts';
import { nameFailure } from './name-failure.ts';
import { originAccess, type AddressIdentity, type OriginAccess } from './origin-access.ts';
import { requestIdOf } from './request-id.ts';

/** One HTTP(S) address, every value resolved. */
export interface HttpOriginSettings
  extends
    Pick<
      HttpClientSettings,
      | 'connections'
      | 'timeouts'
      | 'allowPrivate'
      | 'proxies'
      | 'userAgent'
      | 'lendsReads'
      | 'resolve'
    >,
    AddressIdentity {
  /** As events show it: scheme, host and path; no credentials, no query. */
  readonly name: string;
  /** May hold userinfo, which becomes Basic authorization. */
  readonly baseUrl: string;
  /**
   * The absolute URL of an origin key, percent-encoded; it goes on the wire byte for byte.
   * @throws Failure `KEY_INVALID`.
   */
  readonly locate: (originKey: string, query: string) => string;
  readonly followRedirects: boolean;
  readonly maxRedirects: number;
  readonly refererOnRedirect: boolean;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * The origin behind one HTTP(S) address. It asks once: whether to ask again is for its wrappers.
 * Of a redirect's chain each request counts as one for the body; the second sending of a request
 * that met a dead kept connection does not.
 * @throws FatalError `usage` where the settings can't be worked with.
 */
export function httpOrigin(settings: HttpOriginSettings): Origin {
  const { name, clock } = settings;
  const client = httpClient(settings);
  const access = originAccess(settings);
  const policy: RedirectPolicy = {
    follow: settings.followRedirects,
    maxRedirects: settings.maxRedirects,
    refererOnRedirect: settings.refererOnRedirect,
  };

  const means: Means = { name, clock, client, access, policy, firstTarget: firstTargets(settings) };

  return {
    name,
    read: (request, reader, signal) => readObject(means, request, reader, signal),
    probe: async (signal) => {
      const { home } = access;
      try {
        await client.exchange(
          { method: 'GET', target: home, headers: access.homeHeaders, ...access.connection(home) },
          () => Promise.resolve(),
          signal,
        );
      } catch (error) {
        throw nameFailure(asProbeFailure(error), name);
      }
    },
    close: () => client.close(),
  };
}

/** What the reads of an address have in common. */
interface Means extends Pick<HttpOriginSettings, 'name' | 'clock'> {
  readonly client: HttpClient;
  readonly access: OriginAccess;
  readonly policy: RedirectPolicy;
  readonly firstTarget: (request: OriginRequest) => TargetUrl;
}

async function readObject<T>(
  means: Means,
  request: OriginRequest,
  reader: AnswerReader<T>,
  signal: AbortSignal,
): Promise<T> {
  const { name } = means;
  const first = means.firstTarget(request);
  // A reader that reads again has given its connection back by then: it never waits for itself.
  const ask = (answered: AnswerReader<T>): ReturnType<AnswerReader<T>> => {
    const there = request.readOn?.(name);
    return there === undefined
      ? askOnce(means, { request, first, rest: undefined }, answered, signal)
      : there.then((rest) => askOnce(means, { request, first, rest }, answered, signal));
  };
  try {
    return await readToResult(ask, reader);
  } catch (error) {
    throw nameFailure(error, name);
  }
}

/** What is asked for. */
interface Asked {
  readonly request: OriginRequest;
  readonly first: TargetUrl;
  readonly rest: ReadOn | undefined;
}

function askOnce<T>(
  { name, clock, client, access, policy }: Means,
  { request, first, rest }: Asked,
  reader: AnswerReader<T>,
  signal: AbortSignal,
): ReturnType<AnswerReader<T>> {
  const { method = 'GET' } = request;
  const keep = (response: HttpResponse): Promise<RefusedAnswer | undefined> =>
    keptAnswer(request.keepAnswer, response, signal);
  return followRedirects(first, {
    method,
    policy,
    send: (hop, visitor) => {
      request.onRequest(name);
      const { target } = hop;
      const { identity, hostHeader } = access.connection(target);
      const headers = withConditions(access.headers(request, first, hop), request, rest);
      return client.exchange({ method, target, headers, hostHeader, identity }, visitor, signal);
    },
    keep,
    reader: (response, target) => {
      const what = `${method} ${shownUrl(target)}`;
      if (isAnswer(request, rest, response.status)) {
        return reader(checkedPart(what, request, answerOf(name, response, target)));
      }
      return keep(response).then((answer) => {
        throw refusal(what, response, answer, clock.now());
      });
    },
  });
}

function firstTargets(settings: HttpOriginSettings): Means['firstTarget'] {
  const below = targetUrls();
  return ({ url, originKey, query }) => {
    const target = url === undefined ? below(settings.locate(originKey, query)) : targetUrl(url);
    if (target !== undefined) return target;
    const source = url === undefined ? 'the key makes' : 'the list gives';
    throw new Failure('KEY_INVALID', `${source} a URL that is no http or https URL`);
  };
}

/** If-Range: where the version is another by now, the answer is the whole of it (RFC 9110, 13.1.5). */
function withConditions(
  headers: Headers,
  { unless, range }: OriginRequest,
  rest: ReadOn | undefined,
): Headers {
  if (rest !== undefined) {
    return { ...headers, range: `bytes=${rest.offset}-`, 'if-range': rest.etag };
  }
  if (range !== undefined) return { ...headers, range };
  return unless === undefined ? headers : { ...headers, 'if-none-match': unless.etag };
}

function refusal(
  what: string,
  { status, headers }: HttpResponse,
  answer: RefusedAnswer | undefined,
  nowMs: number,
): Failure {
  const told = `${what}: answered ${String(status)}`;
  const details = {
    status,
    retryAfterMs: retryAfterMs(headers['retry-after'], nowMs),
    answer,
    requestId: requestIdOf(headers),
  };
  if (status === 404 || status === 410) return new Failure('ORIGIN_NOT_FOUND', told, details);
  const why = status === 206 ? `${told} with a part, though the whole was asked for` : told;
  return new Failure('ORIGIN_STATUS', `${why}, expected 200`, details);
}

function answerOf(name: string, response: HttpResponse, target: TargetUrl): OriginAnswer {
  const { status, length, framing, setCookies } = response;
  const headers =
    setCookies.length === 0
      ? response.headers
      : // A stored answer is judged by whether it sets cookies; how many is of no use to anybody.
        { ...response.headers, 'set-cookie': setCookies.join(', ') };
  return {
    head: { origin: name, url: shownUrl(target), status, headers, length, framing },
    bytes: (limit) => response.bytes(limit),
    pipeTo: (sink) => response.pipeTo(sink),
    lendTo: (sink) => lendBody(response, sink),
  };
}

/** An answer that contradicts itself is no answer. */
function asProbeFailure(error: unknown): unknown {
  if (!(error instanceof Failure) || error.code !== 'LENGTH_MISMATCH') return error;
  return new Failure('ORIGIN_UNREACHABLE', error.message, { cause: error });
}
