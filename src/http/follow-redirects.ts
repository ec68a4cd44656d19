import type { RefusedAnswer } from '../model/failure.ts';
import type { HttpResponse } from './http-client.ts';
import {
  firstHop,
  isRedirect,
  nextHop,
  type Hop,
  type RedirectedMethod,
  type RedirectPolicy,
} from './redirect-hop.ts';
import type { TargetUrl } from './target-url.ts';

/** Sends one hop's request and gives its answer to `visitor`. */
export type SendHop = <R>(hop: Hop, visitor: (response: HttpResponse) => Promise<R>) => Promise<R>;

/** How the requests of a chain are sent, and what becomes of their answers. */
export interface RedirectChain<T> {
  readonly method: RedirectedMethod;
  readonly policy: RedirectPolicy;
  /** Decides what goes along where. */
  readonly send: SendHop;
  /** What the failure of a redirect that is not followed brings along. */
  readonly keep: (response: HttpResponse) => Promise<RefusedAnswer | undefined>;
  /** Takes the answer that is no redirect, and the URL that gave it. */
  readonly reader: (response: HttpResponse, target: TargetUrl) => Promise<T>;
}

/** An answer that sends elsewhere. */
class Redirect {
  readonly status: number;
  readonly location: string | undefined;
  readonly answer: RefusedAnswer | undefined;

  constructor({ status, headers }: HttpResponse, answer: RefusedAnswer | undefined) {
    this.status = status;
    this.location = headers['location'];
    this.answer = answer;
  }
}

/**
 * Asks for `first` and follows redirects until an answer is none; that one goes to the reader.
 * @throws Failure as `nextHop`, and whatever the chain's functions throw.
 */
export async function followRedirects<T>(first: TargetUrl, chain: RedirectChain<T>): Promise<T> {
  const { method, policy, send, keep, reader } = chain;
  let hop = firstHop(first, method);
  for (;;) {
    const { target } = hop;
    const read = await send(hop, (response): Promise<T | Redirect> => {
      if (!isRedirect(response.status)) return reader(response, target);
      return policy.follow
        ? Promise.resolve(new Redirect(response, undefined))
        : keep(response).then((answer) => new Redirect(response, answer));
    });
    if (!(read instanceof Redirect)) return read;
    hop = nextHop(hop, read.status, read.location, policy, read.answer);
  }
}
