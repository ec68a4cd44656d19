import { endToEnd } from '../http/end-to-end.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { Failure, MAX_KEPT_BYTES, type RefusedAnswer } from '../model/failure.ts';

/**
 * A refused answer as its Failure brings it along; undefined where its status is none of
 * `statuses`, or where its body is too long, broken or stalls.
 * @throws the signal's reason.
 */
export async function keptAnswer(
  statuses: readonly number[] | undefined,
  response: HttpResponse,
  signal: AbortSignal,
): Promise<RefusedAnswer | undefined> {
  if (statuses?.includes(response.status) !== true) return undefined;
  try {
    const body = await response.bytes(MAX_KEPT_BYTES);
    return { headers: endToEnd(response.headers), body };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}
