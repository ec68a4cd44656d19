import { httpClient, type HttpClientSettings, type HttpResponse } from '../http/http-client.ts';
import { followRedirects, type SendHop } from '../http/follow-redirects.ts';
import type { RedirectPolicy } from '../http/redirect-hop.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import { shownUrl, targetUrl, type TargetUrl } from '../http/target-url.ts';
import { Failure, type RefusedAnswer } from '../model/failure.ts';
import {
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
import { originAccess, type AddressIdentity } from './origin-access.ts';
import { requestIdOf } from './request-id.ts';

/** One HTTP(S) address, every value resolved. */
export interface HttpOriginSettings
  extends
    Pick<
      HttpClientSettings,
      'connections' | 'timeouts' | 'allowPrivate' | 'proxies' | 'userAgent' | 'resolve'
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

  return {
    name,
    read: async (request, reader, signal) => {
      const { method = 'GET' } = request;
      const first = firstTarget(settings, request);
      let rest: ReadOn | undefined;
      const send: SendHop = (hop, visitor) => {
        request.onRequest(name);
        const headers = { ...access.headers(request, first, hop), ...conditions(request, rest) };
        return client.exchange(
          { method, target: hop.target, headers, ...access.connection(hop.target) },
          visitor,
          signal,
        );
      };
      const keep = (response: HttpResponse) => keptAnswer(request.keepAnswer, response, signal);
      // A reader that reads again has given its connection back by then: it never waits for itself.
      const ask = async (answered: typeof reader): ReturnType<typeof reader> => {
        rest = await request.readOn?.(name);
        const take = async (response: HttpResponse, target: TargetUrl) => {
          const what = `${method} ${shownUrl(target)}`;
          if (!isAnswer(request, rest, response.status)) {
            throw refusal(what, response, await keep(response), clock.now());
          }
          return answered(checkedPart(what, request, answerOf(name, response, target)));
        };
        return followRedirects(first, { method, policy, send, keep, reader: take });
      };
      try {
        return await readToResult(ask, reader);
      } catch (error) {
        throw nameFailure(error, name);
      }
    },
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

function firstTarget(settings: HttpOriginSettings, request: OriginRequest): TargetUrl {
  const raw = request.url ?? settings.locate(request.originKey, request.query);
  const target = targetUrl(raw);
  if (target !== undefined) return target;
  const source = request.url === undefined ? 'the key makes' : 'the list gives';
  throw new Failure('KEY_INVALID', `${source} a URL that is no http or https URL`);
}

/** If-Range: where the version is another by now, the answer is the whole of it (RFC 9110, 13.1.5). */
function conditions({ unless, range }: OriginRequest, rest: ReadOn | undefined): Headers {
  if (rest !== undefined) return { range: `bytes=${rest.offset}-`, 'if-range': rest.etag };
  if (range !== undefined) return { range };
  return unless === undefined ? {} : { 'if-none-match': unless.etag };
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
  };
}

/** An answer that contradicts itself is no answer. */
function asProbeFailure(error: unknown): unknown {
  if (!(error instanceof Failure) || error.code !== 'LENGTH_MISMATCH') return error;
  return new Failure('ORIGIN_UNREACHABLE', error.message, { cause: error });
}
