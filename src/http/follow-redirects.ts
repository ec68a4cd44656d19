import type { HttpResponse } from './http-client.ts';
import { firstHop, isRedirect, nextHop, type Hop, type RedirectPolicy } from './redirect-hop.ts';
import type { TargetUrl } from './target-url.ts';

/** Sends one hop's request and gives its answer to `visitor`. */
export type SendHop = <R>(hop: Hop, visitor: (response: HttpResponse) => Promise<R>) => Promise<R>;

type Outcome<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly status: number; readonly location: string | undefined };

/**
 * Asks for `first` and follows redirects until an answer is none; that one goes to `reader`, with
 * the URL that gave it. Each hop is sent by `send`, which decides what goes along where.
 * @throws Failure as `nextHop`, and whatever `send` and `reader` throw.
 */
export async function followRedirects<T>(
  first: TargetUrl,
  policy: RedirectPolicy,
  send: SendHop,
  reader: (response: HttpResponse, target: TargetUrl) => Promise<T>,
): Promise<T> {
  let hop = firstHop(first);
  for (;;) {
    const { target } = hop;
    const outcome = await send(hop, async (response): Promise<Outcome<T>> => {
      const { status, headers } = response;
      if (isRedirect(status)) return { done: false, status, location: headers['location'] };
      return { done: true, value: await reader(response, target) };
    });
    if (outcome.done) return outcome.value;
    hop = nextHop(hop, outcome.status, outcome.location, policy);
  }
}
